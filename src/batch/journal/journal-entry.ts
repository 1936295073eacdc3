import * as v from 'valibot';
import { ExpectedError } from '../../llava/expected-error.js';
import { parseJson } from '../../llava/json.js';
import { quote } from '../../llava/quote.js';
import { pictureIdentitySchema, rowAnswerSchema } from '../rows/row-answer.js';
import { ROW_ERROR_CODES, type RowErrorCode } from '../rows/row-error.js';

const CODES = Object.keys(ROW_ERROR_CODES) as RowErrorCode[];
const key = v.pipe(v.string(), v.regex(/^[\w-]{22}$/));

const entrySchema = v.union([
  /** What was answered to the question of that fingerprint. */
  v.object({ key, answer: rowAnswerSchema }),
  /** Why that question, or everything about that picture, has no answer. */
  v.object({ key, error: v.object({ code: v.picklist(CODES), message: v.string() }) }),
  /** What was found at that address. */
  v.object({ key, picture: pictureIdentitySchema }),
]);
export type JournalEntry = v.InferOutput<typeof entrySchema>;

const headerSchema = v.object({
  llavaBatchJournal: v.literal(1),
  /** When the batch began, in seconds since 1970. */
  created: v.number(),
  /** Tells one pair of weights from every other. */
  weights: v.string(),
});
export type JournalHeader = v.InferOutput<typeof headerSchema>;

/** An entry, or undefined for a line that is none. */
export function parseEntry(line: string): JournalEntry | undefined {
  const result = v.safeParse(entrySchema, parseJson(line));
  return result.success ? result.output : undefined;
}

/** @throws ExpectedError('input') when the first line is not a journal's */
export function parseHeader(line: string, path: string): JournalHeader {
  const result = v.safeParse(headerSchema, parseJson(line));
  if (result.success) return result.output;
  throw new ExpectedError('input', `${quote(path)} is not the journal of a batch.`, {
    hint: 'Name another one with --journal, or move that file away',
  });
}
