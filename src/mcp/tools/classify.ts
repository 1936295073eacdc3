import * as v from 'valibot';
import { readQuestionFields } from '../../answer/question-fields.js';
import { settleQuestion } from '../../answer/question-options.js';
import { answerFields, pickAnswer } from './answer-fields.js';
import { pictureArgument, regionArgument, regionField, textArgument } from './arguments.js';
import type { Tool } from './tool.js';

/** What is asked when nothing is. */
const QUESTION = 'What is in the image?';

const input = v.strictObject({
  picture: pictureArgument,
  labels: v.pipe(
    v.array(v.string()),
    v.minLength(2, 'two labels or more'),
    v.description(
      'The possible answers: a list of two or more short texts, such as ["cat", "dog"] or ["yes", "no"].',
    ),
  ),
  question: v.optional(textArgument(`The question that the labels answer. Default: “${QUESTION}”`)),
  region: regionArgument,
});

const output = v.object({
  ...answerFields,
  answer: v.pipe(v.string(), v.description('The most probable label.')),
  probabilities: v.pipe(
    v.array(v.object({ choice: v.string(), probability: v.number() })),
    v.description('Every label in the order given, with its probability; all sum to 1.'),
  ),
});

/** `llava ask --labels LABELS --probabilities QUESTION PICTURE`. */
export const CLASSIFY: Tool<v.InferOutput<typeof input>, v.InferOutput<typeof output>> = {
  name: 'classify',
  title: 'Choose a label for a picture',
  description:
    'Tells which of your labels fits one picture best, and how probable each is, offline. Always answers with one of ' +
    'the labels, so offer one such as "something else" if none may fit. With a question and the labels yes and no it ' +
    'checks whether something is true. Probabilities below about 0.7 mean that the model is not sure.',
  input,
  output,
  ask: ({ labels, question = QUESTION, region }, sampling) =>
    settleQuestion(
      question,
      readQuestionFields({ labels, probabilities: true, region: regionField(region) }),
      {
        sampling,
      },
    ),
  tell: (record) => {
    const probabilities = (record.probabilities ?? []).map(({ choice, probability }) => ({
      choice,
      probability,
    }));
    return {
      text: describeProbabilities(record.answer, probabilities),
      result: { ...pickAnswer(record), probabilities },
    };
  },
};

/** Labels that are told in words; the result has all. */
const TOLD = 10;

function describeProbabilities(
  answer: string,
  probabilities: readonly { readonly choice: string; readonly probability: number }[],
): string {
  const sorted = [...probabilities].sort((a, b) => b.probability - a.probability);
  const lines = sorted
    .slice(0, TOLD)
    .map(({ choice, probability }) => `${choice}: ${(probability * 100).toFixed(1)} %`);
  const others = sorted.length > TOLD ? [`${sorted.length - TOLD} others are less probable.`] : [];
  return [answer, '', ...lines, ...others].join('\n');
}
