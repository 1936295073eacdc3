import { ExpectedError } from './expected-error.js';
import { quote } from './quote.js';

/** What can be decoded, as people call it. */
export const DECODABLE = 'JPEG, PNG, WebP, AVIF, GIF, TIFF or SVG';

/** `Picture "street.jpg" <problem>`, and the next step. */
export function pictureError(label: string, problem: string, hint: string, cause?: unknown): ExpectedError {
  return new ExpectedError('input', `Picture ${quote(label)} ${problem}`, { hint, cause });
}
