import * as v from 'valibot';
import { readSamplingFields, samplingFields } from '../../answer/question-fields.js';
import {
  settleQuestion,
  withoutLabels,
  type QuestionDefaults,
  type QuestionOptions,
} from '../../answer/question-options.js';
import type { BatchRow, FailedRow, ParsedRow, RowFields } from './batch-row.js';
import { answerId } from './answer-id.js';
import { checkFields } from './check-fields.js';
import type { AnsweredRow, BatchFacts } from './row-answer.js';
import { asBadRow } from './row-error.js';

const llavaRowSchema = v.object({
  question_id: v.union([v.string(), v.number()]),
  image: v.pipe(v.string(), v.nonEmpty('a path, an address or a data URL')),
  text: v.string(),
  ...samplingFields,
});

/** Fields that are used up, or that the authors' answer files leave out. */
const NOT_CARRIED = new Set(['question_id', 'image', 'text', 'category', ...Object.keys(samplingFields)]);

/**
 * A row of the authors' question files: `{question_id, image, text, category?}`. Its text has its formatting prompt
 * already, so a format comes only from the command line, and labels of the command add no prompt.
 * @throws RowFailure 'bad_row'
 */
export function parseLlavaRow(fields: RowFields, defaults: QuestionDefaults): ParsedRow {
  const row = checkFields(llavaRowSchema, fields);
  const sampling = readSamplingFields(row, defaults.sampling);
  const asking = asBadRow(() =>
    settleQuestion(row.text, optionsBy(defaults), { ...withoutLabels(defaults), sampling }, true),
  );
  return { shape: 'llava', fields, image: row.image, ...asking };
}

/** Letters are asked for by the paper's own procedure. */
function optionsBy({ labels, format }: QuestionDefaults): QuestionOptions {
  return labels === undefined ? { unconstrained: true } : { labels, format: format ?? 'free' };
}

/** The six fields of the authors' answer files, in their order; fields they do not know are kept in `metadata`. */
export function writeLlavaRow(row: BatchRow, answered: AnsweredRow, facts: BatchFacts): RowFields {
  const { question, fields, line } = row;
  return {
    question_id: fields['question_id'],
    prompt: question.format === 'free' ? question.text : answered.request,
    text: answered.answer.answer,
    answer_id: answerId(answered.fingerprint, line),
    model_id: facts.model,
    metadata: metadataOf(fields),
  };
}

/** Without `text`, so that no scorer takes the question for an answer. */
export function writeFailedLlavaRow({ fields, error, line }: FailedRow): RowFields {
  return {
    question_id: fields['question_id'],
    prompt: fields['text'],
    metadata: metadataOf(fields),
    error: { ...error, line },
  };
}

function metadataOf(fields: RowFields): RowFields {
  return Object.fromEntries(Object.entries(fields).filter(([name]) => !NOT_CARRIED.has(name)));
}
