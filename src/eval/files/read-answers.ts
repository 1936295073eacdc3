import * as v from 'valibot';
import { ExpectedError } from '../../llava/expected-error.js';
import { quote } from '../../llava/quote.js';
import { readJsonLineGroups } from './read-json.js';

const answerSchema = v.object({
  question_id: v.union([v.string(), v.number()]),
  prompt: v.optional(v.string(), ''),
  text: v.optional(v.string()),
  model_output: v.optional(v.string()),
  prediction: v.optional(v.string()),
  answer_id: v.optional(v.string()),
});

/** One answer of an answer file. */
export interface Answer {
  readonly questionId: string | number;
  readonly prompt: string;
  readonly text: string;
  readonly answerId: string | undefined;
}

/** A file of answers; lines without an answer are counted, not kept. */
export interface AnswerFile {
  readonly path: string;
  readonly answers: readonly Answer[];
  /** Lines without any answer, such as rows that failed. */
  readonly failed: number;
  /** Only some of the questions were asked on purpose: the others are left out of every figure. */
  readonly sample: boolean;
}

/**
 * The answers of a LLaVA answer file: JSONL of `{question_id, prompt, text, …}`; BenchLMM calls the text
 * `model_output`, a submission to SEED-Bench `prediction`.
 * @throws ExpectedError('input') when it cannot be read, a line is no answer, or there is none
 */
export async function readAnswers(path: string, sample = false): Promise<AnswerFile> {
  const answers: Answer[] = [];
  let failed = 0;
  for await (const lines of readJsonLineGroups(path, answerSchema))
    for (const { value } of lines) {
      const text = value.text ?? value.model_output ?? value.prediction;
      if (text === undefined) failed++;
      else
        answers.push({
          questionId: value.question_id,
          prompt: value.prompt,
          text,
          answerId: value.answer_id,
        });
    }
  if (answers.length === 0)
    throw new ExpectedError('input', `${quote(path)} has no answers.`, {
      hint: 'Give the file that llava eval run or the authors’ scripts wrote',
    });
  return { path, answers, failed, sample };
}
