import { readFileSync } from 'node:fs';
import { ExpectedError } from '../llava/expected-error.js';
import { fileProblem } from '../llava/file-problem.js';
import { quote } from '../llava/quote.js';

/**
 * A text file that the user named, without its byte order mark.
 * @param what to call it in messages, such as `The labels`
 * @throws ExpectedError('input') when it cannot be read
 */
export function readTextFile(what: string, path: string, hint: string): string {
  try {
    return readFileSync(path, 'utf8').replace(/^\uFEFF/, '');
  } catch (error) {
    throw new ExpectedError('input', `${what} ${quote(path)} cannot be read: ${fileProblem(error)}.`, {
      hint,
      cause: error,
    });
  }
}
