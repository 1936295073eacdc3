import { ExpectedError } from '../llava/expected-error.js';
import { quote } from '../llava/quote.js';

/** `Weights file "model.gguf" <problem>`, and the next step. */
export function weightsError(path: string, problem: string, hint: string, cause?: unknown): ExpectedError {
  return new ExpectedError('weights', `Weights file ${quote(path)} ${problem}`, { hint, cause });
}
