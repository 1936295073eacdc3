import * as v from 'valibot';
import { recordAnswer } from '../../answer/answer-record.js';
import {
  questionFields,
  readQuestionFields,
  readSamplingFields,
  samplingFields,
} from '../../answer/question-fields.js';
import { settleQuestion, type QuestionDefaults } from '../../answer/question-options.js';
import { checkForm } from '../../forms/answer-form.js';
import { parsePart, type PicturePart } from '../../llava/picture-part.js';
import type { BatchRow, FailedRow, ParsedRow, RowFields } from './batch-row.js';
import { carryFields } from './carry-fields.js';
import { checkFields } from './check-fields.js';
import type { AnsweredRow, BatchFacts } from './row-answer.js';
import { asBadRow, RowFailure } from './row-error.js';

const partField = v.union([v.number(), v.string()]);

const ownRowSchema = v.object({
  image: v.pipe(v.string(), v.nonEmpty('a path, an address or a data URL')),
  frame: v.nullish(partField),
  page: v.nullish(partField),
  question: v.nullish(v.string()),
  ...questionFields,
  ...samplingFields,
});

/** Formats whose rows need no question. */
const WITHOUT_QUESTION: readonly string[] = ['caption', 'region'];

/**
 * The tool's own row: `{image, question, …}`.
 * @throws RowFailure 'bad_row'
 */
export function parseOwnRow(fields: RowFields, defaults: QuestionDefaults): ParsedRow {
  const row = checkFields(ownRowSchema, fields);
  const sampling = readSamplingFields(row, defaults.sampling);
  const asking = asBadRow(() => {
    const own = readQuestionFields(row);
    const isDescription = (row.question ?? '') === '' && (own.region ?? defaults.region) !== undefined;
    const format = own.format ?? (isDescription ? 'region' : defaults.format);
    if (typeof row.question !== 'string' && !WITHOUT_QUESTION.includes(format ?? ''))
      throw new RowFailure('bad_row', 'Field "question" is missing.');
    return settleQuestion(row.question ?? '', own, { ...defaults, sampling });
  });
  return { shape: 'own', fields, image: row.image, part: asBadRow(() => partOf(row)), ...asking };
}

function partOf({ frame, page }: v.InferOutput<typeof ownRowSchema>): PicturePart | undefined {
  const [ofFrame, ofPage] = [frame ?? undefined, page ?? undefined];
  if (ofFrame !== undefined && ofPage !== undefined)
    throw new RowFailure('bad_row', 'Fields "frame" and "page" exclude each other.');
  if (ofFrame !== undefined) return parsePart('frame', ofFrame);
  return ofPage === undefined ? undefined : parsePart('page', ofPage);
}

/** The row with its answer: everything it had, and the fields of `llava ask --json`. */
export function writeOwnRow(row: BatchRow, { answer, picture }: AnsweredRow, facts: BatchFacts): RowFields {
  const { answer: text, stop, choices, logprobs: tokens, tokens: counts, device } = answer;
  const recorded = { text, stop, choices, tokens, counts, ...checkForm(text, stop, row.form) };
  const record = recordAnswer(row.question, recorded, { model: facts.model, device }, picture);
  return carryFields(row.fields, {
    ...record,
    ...(facts.timings && answer.ms !== undefined ? { ms: answer.ms } : {}),
  });
}

export function writeFailedOwnRow({ fields, error, line }: FailedRow): RowFields {
  return carryFields(fields, { error: { ...error, line } });
}
