import { join } from 'node:path';
import * as v from 'valibot';
import type { BenchmarkFile, EvalRow } from '../benchmark.js';
import { readJsonLines } from './read-json.js';

const questionSchema = v.object({
  question_id: v.union([v.string(), v.number()]),
  image: v.string(),
  text: v.string(),
  category: v.optional(v.string(), 'default'),
});

/** Where the authors publish their own question files. */
const AUTHORS_FILES = 'eval.zip of https://github.com/haotian-liu/LLaVA/blob/main/docs/Evaluation.md';

/** The authors' own question file of a benchmark: it stands in where the benchmark's files are not at hand. */
export function authorsFile(name: string): BenchmarkFile {
  return {
    names: [name, 'questions.jsonl'],
    holds: 'the authors’ question file',
    from: AUTHORS_FILES,
    needed: 'either',
  };
}

/** The rows of an authors' question file, as they stand. @throws ExpectedError('input') */
export async function* readAuthorsQuestions(path: string, pictures: string): AsyncGenerator<EvalRow> {
  for await (const { value } of readJsonLines(path, questionSchema)) {
    const { question_id: questionId, image, text, category } = value;
    yield { questionId, image, picture: join(pictures, image), text, prompt: text, category };
  }
}
