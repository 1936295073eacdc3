import * as v from 'valibot';
import { checkForm } from '../../forms/answer-form.js';
import { NORMALISATIONS } from '../../llava/choosing.js';
import { readAnswer } from '../../llava/read-answer.js';
import { RESPONSE_FORMATS, type ResponseFormat } from '../../llava/response-format.js';
import type { BatchRow, FailedRow, RowDefaults, RowFields } from './batch-row.js';
import { carryFields } from './carry-fields.js';
import { checkFields } from './check-fields.js';
import type { AnsweredRow, BatchFacts } from './row-answer.js';
import { RowFailure } from './row-error.js';
import { resolveQuestion } from './row-question.js';
import { mergeSampling, settingFields } from './row-settings.js';
import { formOfRow, marksOfRow, regionOfRow, shapeFields } from './row-shape.js';

const FORMATS = Object.keys(RESPONSE_FORMATS) as ResponseFormat[];

const ownRowSchema = v.object({
  image: v.pipe(v.string(), v.nonEmpty('a path, an address or a data URL')),
  question: v.nullish(v.string()),
  format: v.nullish(v.picklist(FORMATS)),
  choices: v.nullish(v.array(v.string())),
  labels: v.nullish(v.array(v.string())),
  yes_no: v.nullish(v.boolean()),
  unconstrained: v.nullish(v.boolean()),
  probabilities: v.nullish(v.boolean()),
  normalise: v.nullish(v.picklist(NORMALISATIONS)),
  logprobs: v.nullish(v.boolean()),
  ocr: v.nullish(v.union([v.string(), v.array(v.string())])),
  ...shapeFields,
  ...settingFields,
});

/**
 * The tool's own row: `{image, question, …}`.
 * @throws RowFailure 'bad_row'
 */
export function parseOwnRow(fields: RowFields, defaults: RowDefaults): Omit<BatchRow, 'line' | 'bytes'> {
  const row = checkFields(ownRowSchema, fields);
  const region = regionOfRow(row);
  const isDescription = (row.question ?? '') === '' && (region ?? defaults.region) !== undefined;
  const format = row.format ?? (isDescription ? 'region' : undefined);
  if (typeof row.question !== 'string' && !['caption', 'region'].includes(format ?? defaults.format ?? ''))
    throw new RowFailure('bad_row', 'Field "question" is missing.');
  const question = resolveQuestion(
    {
      text: row.question ?? '',
      format,
      region,
      choices: row.choices ?? undefined,
      ocrTokens: ocrTokens(row.ocr ?? undefined),
      ...chosenBy(row, defaults),
    },
    defaults,
  );
  return {
    shape: 'own',
    fields,
    image: row.image,
    question,
    sampling: {
      ...mergeSampling(row, defaults.sampling),
      ...(row.logprobs === true ? { logprobs: true } : {}),
    },
    form: formOfRow(row, defaults, question.labels !== undefined || question.choices !== undefined),
    marks: marksOfRow(row, defaults),
  };
}

/** What the answer must be, by the row itself, else by the command. */
function chosenBy(row: v.InferOutput<typeof ownRowSchema>, defaults: RowDefaults) {
  const hasForm = (row.choices ?? row.format ?? undefined) !== undefined;
  const ownLabels = row.yes_no === true ? ['yes', 'no'] : (row.labels ?? undefined);
  const labels = ownLabels ?? (hasForm ? undefined : defaults.labels);
  const isChosen = labels !== undefined || (row.choices ?? undefined) !== undefined;
  const isTold = row.probabilities === true || row.yes_no === true || typeof row.normalise === 'string';
  const byCommand = isChosen ? defaults.probabilities : undefined;
  return {
    labels,
    unconstrained: row.unconstrained ?? defaults.unconstrained,
    probabilities: isTold ? (row.normalise ?? 'none') : byCommand,
  };
}

/** The row with its answer: everything it had, and the fields of `llava ask --json`. */
export function writeOwnRow(row: BatchRow, answered: AnsweredRow, facts: BatchFacts): RowFields {
  const { answer, picture } = answered;
  return carryFields(row.fields, {
    question: row.question.text,
    format: row.question.format,
    answer: answer.answer,
    ...readAnswer(answer.answer, row.question, picture),
    ...checkForm(answer.answer, answer.stop, row.form),
    ...(answer.choices === undefined ? {} : { probabilities: answer.choices }),
    ...(answer.logprobs === undefined ? {} : { logprobs: answer.logprobs }),
    stop: answer.stop,
    model: facts.model,
    device: answer.device,
    sha256: picture.sha256,
    width: picture.width,
    height: picture.height,
    tokens: answer.tokens,
    ...(facts.timings && answer.ms !== undefined ? { ms: answer.ms } : {}),
  });
}

export function writeFailedOwnRow({ fields, error, line }: FailedRow): RowFields {
  return carryFields(fields, { error: { ...error, line } });
}

function ocrTokens(ocr: string | readonly string[] | undefined): readonly string[] | undefined {
  return typeof ocr === 'string' ? ocr.split(',').map((word) => word.trim()) : ocr;
}
