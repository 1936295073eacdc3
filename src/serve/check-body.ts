import * as v from 'valibot';
import { showValue } from '../batch/rows/check-fields.js';
import { quote } from '../llava/quote.js';
import { RequestProblem } from './request-problem.js';

/**
 * A part of a request by a schema, checked.
 * @param at where the part is, such as `messages[0]`; default: the body itself
 * @throws RequestProblem 400 naming the first wrong field, what it should be and what it is
 */
export function checkBody<Schema extends v.GenericSchema>(
  schema: Schema,
  value: unknown,
  at = '',
): v.InferOutput<Schema> {
  const result = v.safeParse(schema, value, { abortEarly: true });
  if (result.success) return result.output;
  const [issue] = result.issues;
  const param = [at, v.getDotPath(issue) ?? ''].filter((part) => part !== '').join('.');
  const name = param === '' ? 'The body' : quote(param);
  const wanted = issue.kind === 'schema' ? (issue.expected ?? 'another value') : issue.message;
  const message =
    issue.input === undefined
      ? `${name} is missing.`
      : `${name} is ${showValue(issue.input)}; it takes ${wanted}.`;
  throw new RequestProblem(400, message, { param: param === '' ? undefined : param });
}
