import * as v from 'valibot';
import { hasForm, NO_FORM, type AnswerForm } from '../../forms/answer-form.js';
import { readSchema } from '../../forms/answer-schema.js';
import { openGrammar } from '../../forms/gbnf.js';
import { ExpectedError } from '../../llava/expected-error.js';
import { parseMark, type Mark } from '../../llava/mark.js';
import { parseRegion, type Region } from '../../llava/region.js';
import type { BatchRow, RowDefaults } from './batch-row.js';
import { RowFailure } from './row-error.js';

/** Fields that say what a row's answer must be made like, and where in the picture its question is. */
export const shapeFields = {
  schema: v.nullish(v.record(v.string(), v.unknown())),
  grammar: v.nullish(v.string()),
  region: v.nullish(v.union([v.string(), v.array(v.number())])),
  mark: v.nullish(v.union([v.string(), v.array(v.string())])),
};

type ShapeFields = {
  readonly [Name in keyof typeof shapeFields]: v.InferOutput<(typeof shapeFields)[Name]>;
};

/**
 * What a row's answer must be made like, by the row itself, else by the command.
 * @param isChosen the row's answer is one of several, and the command's form is not for it
 * @throws RowFailure 'bad_row'
 */
export function formOfRow(row: Partial<ShapeFields>, defaults: RowDefaults, isChosen: boolean): AnswerForm {
  const { schema, grammar } = row;
  const form = asBadRow((): AnswerForm => {
    if (schema !== undefined && schema !== null) return { schema: readSchema(schema) };
    return typeof grammar === 'string' ? { grammar: openGrammar(grammar) } : NO_FORM;
  });
  const hasBoth = form.schema !== undefined && typeof grammar === 'string';
  if (hasBoth || (isChosen && hasForm(form)))
    throw new RowFailure('bad_row', 'The answer can be held to one of choices, labels, a schema, a grammar.');
  return hasForm(form) || isChosen ? form : (defaults.form ?? NO_FORM);
}

/** Where the row's question is. @throws RowFailure 'bad_row' */
export function regionOfRow({ region }: Partial<ShapeFields>): Region | undefined {
  if (region === undefined || region === null) return undefined;
  return asBadRow(() => parseRegion(typeof region === 'string' ? region : region.join(',')));
}

/** What is drawn on the row's picture. @throws RowFailure 'bad_row' */
export function marksOfRow({ mark }: Partial<ShapeFields>, defaults: RowDefaults): readonly Mark[] {
  if (mark === undefined || mark === null) return defaults.marks ?? [];
  return asBadRow(() => (typeof mark === 'string' ? [mark] : mark).map(parseMark));
}

/** Form and marks of rows that have no fields for them. */
export function commandShape({ form = NO_FORM, marks = [] }: RowDefaults): Pick<BatchRow, 'form' | 'marks'> {
  return { form, marks };
}

function asBadRow<Result>(read: () => Result): Result {
  try {
    return read();
  } catch (error) {
    if (error instanceof ExpectedError) throw new RowFailure('bad_row', error.message, error);
    throw error;
  }
}
