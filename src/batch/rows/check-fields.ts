import * as v from 'valibot';
import { quote } from '../../llava/quote.js';
import { RowFailure } from './row-error.js';

/**
 * The fields of a row by a schema, checked.
 * @throws RowFailure 'bad_row' naming the first wrong field, what it should be and what it is
 */
export function checkFields<Schema extends v.GenericSchema>(
  schema: Schema,
  fields: unknown,
): v.InferOutput<Schema> {
  const result = v.safeParse(schema, fields, { abortEarly: true });
  if (result.success) return result.output;
  throw new RowFailure('bad_row', describeIssue('field', result.issues[0]));
}

/** What is wrong with a value. @param what the value is, such as a field */
export function describeIssue(what: string, issue: v.BaseIssue<unknown>): string {
  const name = quote(v.getDotPath(issue) ?? 'row');
  if (issue.expected === 'never') return `There is no ${what} ${name}.`;
  const named = `${what[0]?.toUpperCase() ?? ''}${what.slice(1)} ${name}`;
  if (issue.input === undefined) return `${named} is missing.`;
  const expected = issue.kind === 'schema' ? nameOf(issue.expected) : issue.message;
  return `${named} is ${showValue(issue.input)}: it takes ${expected}.`;
}

function nameOf(type: string | null): string {
  return TYPES.get(type ?? '') ?? type ?? 'another value';
}

const TYPES: ReadonlyMap<string, string> = new Map([
  ['string', 'a text'],
  ['number', 'a number'],
  ['Array', 'a list'],
  ['Object', 'an object'],
]);

/** A wrong value as messages quote it. */
export function showValue(value: unknown): string {
  if (typeof value === 'string') return quote(value, 60);
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object' && value !== null) return 'an object';
  return String(value);
}
