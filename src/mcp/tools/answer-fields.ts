import * as v from 'valibot';
import type { AnswerRecord } from '../../answer/answer-record.js';

/** What every tool tells of its answer; names and values are those of `llava ask --json`. */
export const answerFields = {
  answer: v.pipe(v.string(), v.description('What the model said, word for word.')),
  stop: v.pipe(
    v.string(),
    v.description('Why the answer ended: end; max-tokens or context-full if it was cut off.'),
  ),
  model: v.string(),
  width: v.pipe(v.number(), v.description('Width of the upright picture, in pixels.')),
  height: v.pipe(v.number(), v.description('Height of the upright picture, in pixels.')),
};

/** Those fields of an answer's record. */
export function pickAnswer({ answer, stop, model, width, height }: AnswerRecord) {
  return { answer, stop, model, width, height };
}
