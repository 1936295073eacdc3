import { ExpectedError } from '../../llava/expected-error.js';
import { writeProblem } from '../../llava/file-problem.js';
import { quote } from '../../llava/quote.js';

/** What a failed write of the output or the journal means, and how to go on. */
export function writeFailed(path: string, error: unknown): ExpectedError {
  if (error instanceof ExpectedError) return error;
  if (!(error instanceof Error && 'code' in error)) throw error;
  return new ExpectedError('input', `${quote(path)} cannot be written: ${writeProblem(error)}.`, {
    hint: 'Fix that, then continue with --resume; no answers are lost',
    cause: error,
  });
}
