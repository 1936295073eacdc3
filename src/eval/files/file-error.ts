import { ExpectedError } from '../../llava/expected-error.js';
import { quote } from '../../llava/quote.js';
import { fileProblem } from '../../llava/file-problem.js';

/** What to tell of a file that cannot be read. */
export function fileError(path: string, cause: unknown): ExpectedError {
  if (cause instanceof ExpectedError) return cause;
  return new ExpectedError('input', `${quote(path)} cannot be read: ${fileProblem(cause)}.`, {
    hint: 'Check that the file exists, is complete and is saved as UTF-8',
    cause,
  });
}
