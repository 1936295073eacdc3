import * as v from 'valibot';
import { readQuestionFields, readSamplingFields } from '../../answer/question-fields.js';
import { settleQuestion } from '../../answer/question-options.js';
import { answerFields, pickAnswer } from './answer-fields.js';
import { lengthArgument, pictureArgument, regionArgument, regionField } from './arguments.js';
import type { Tool } from './tool.js';

const input = v.strictObject({
  picture: pictureArgument,
  detail: v.optional(
    v.pipe(v.picklist(['short', 'long']), v.description('short: one sentence (default). long: a paragraph.')),
  ),
  region: regionArgument,
  max_tokens: lengthArgument,
});

const output = v.object(answerFields);

/** What the long description answers. */
const QUESTION = 'Describe the image.';

/** `llava ask --format caption "" PICTURE`, or detailed, or of a region. */
export const DESCRIBE: Tool<v.InferOutput<typeof input>, v.InferOutput<typeof output>> = {
  name: 'describe',
  title: 'Describe a picture',
  description:
    'Describes one picture, or a region of it, offline: a caption of one sentence, or a paragraph. Long descriptions ' +
    'may name things that are not there; check what matters with look or classify.',
  input,
  output,
  ask: ({ detail = 'short', region, ...given }, sampling) => {
    const text = detail === 'long' ? QUESTION : '';
    const format = detail === 'long' ? 'detailed' : region === undefined ? 'caption' : 'region';
    return settleQuestion(text, readQuestionFields({ format, region: regionField(region) }), {
      sampling: readSamplingFields(given, sampling),
    });
  },
  tell: (record) => ({ text: record.answer, result: pickAnswer(record) }),
};
