import * as v from 'valibot';
import { readQuestionFields, readSamplingFields } from '../../answer/question-fields.js';
import { settleQuestion } from '../../answer/question-options.js';
import { answerFields, pickAnswer } from './answer-fields.js';
import { lengthArgument, pictureArgument, regionArgument, regionField, textArgument } from './arguments.js';
import type { Tool } from './tool.js';

const input = v.strictObject({
  picture: pictureArgument,
  question: textArgument('What to ask about the picture, in English, as one plain question.'),
  format: v.optional(
    v.pipe(
      v.picklist(['free', 'short', 'detailed', 'unanswerable']),
      v.description(
        'free: in the model’s own words (default). short: a word or phrase. detailed: a long explanation. ' +
          'unanswerable: a word or phrase, or "Unanswerable" if the picture does not tell.',
      ),
    ),
  ),
  region: regionArgument,
  max_tokens: lengthArgument,
});

const output = v.object({
  ...answerFields,
  unanswerable: v.optional(
    v.pipe(v.boolean(), v.description('With the format unanswerable: whether the picture does not tell.')),
  ),
});

/** `llava ask QUESTION PICTURE`. */
export const LOOK: Tool<v.InferOutput<typeof input>, v.InferOutput<typeof output>> = {
  name: 'look',
  title: 'Ask about a picture',
  description:
    'Answers a question about one picture, offline. Good at what is there, colours, kinds of things and scenes, what ' +
    'people do, and where things are. Weak at small or dense text, charts, exact counts above five and tiny details: ' +
    'the whole picture is scaled down to a few hundred pixels. It remembers nothing between calls, so each question ' +
    'must stand on its own. If the possible answers are known (also yes and no), classify is more reliable.',
  input,
  output,
  ask: ({ question, format, region, ...given }, sampling) =>
    settleQuestion(question, readQuestionFields({ format, region: regionField(region) }), {
      sampling: readSamplingFields(given, sampling),
    }),
  tell: (record) => ({
    text: record.answer,
    result: {
      ...pickAnswer(record),
      ...(record.unanswerable === undefined ? {} : { unanswerable: record.unanswerable }),
    },
  }),
};
