import { ExpectedError } from '../../llava/expected-error.js';
import { quote } from '../../llava/quote.js';

/** What to tell of a file that cannot be read. */
export function fileError(path: string, cause: unknown): ExpectedError {
  if (cause instanceof ExpectedError) return cause;
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new ExpectedError('input', `${quote(path)} could not be read: ${reason}`, {
    hint: 'Look whether the file is there, whole, and saved as UTF-8',
    cause,
  });
}
