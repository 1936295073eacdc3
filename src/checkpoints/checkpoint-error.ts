import { ExpectedError } from '../llava/expected-error.js';
import { codeOf, fileProblem } from '../llava/file-problem.js';
import { quote } from '../llava/quote.js';

/** What mends a file that arrived damaged. */
export const FETCH_AGAIN = 'Download or copy the file again.';

/** `Checkpoint file "model.safetensors" <problem>.`, and the next step. */
export function fileError(path: string, problem: string, hint: string, cause?: unknown): ExpectedError {
  return new ExpectedError('weights', `Checkpoint file ${quote(path)} ${problem}.`, { hint, cause });
}

/** `Checkpoint "folder" <problem>.`, and the next step. */
export function checkpointError(folder: string, problem: string, hint: string): ExpectedError {
  return new ExpectedError('weights', `Checkpoint ${quote(folder)} ${problem}.`, { hint });
}

/** The system's failure to read a file, in words; anything else stays as it is. */
export function readError(path: string, error: unknown): unknown {
  if (error instanceof ExpectedError || codeOf(error) === undefined) return error;
  if (error instanceof Error && error.name === 'AbortError') return error;
  return fileError(
    path,
    `cannot be read: ${fileProblem(error)}`,
    'Check the path and its permissions.',
    error,
  );
}
