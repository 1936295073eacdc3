import { ExpectedError } from './expected-error.js';
import { quote } from './quote.js';

/** What can be decoded, as people call it. */
export const DECODABLE =
  'JPEG, PNG, HEIC, WebP, AVIF, JPEG XL, JPEG 2000, GIF, TIFF, PDF, SVG, BMP, ICO, TGA, QOI or Netpbm';

/** `Picture "street.jpg" <problem>`, and the next step. */
export function pictureError(label: string, problem: string, hint: string, cause?: unknown): ExpectedError {
  return new ExpectedError('input', `Picture ${quote(label)} ${problem}`, { hint, cause });
}

/**
 * A file that its decoder gave up on.
 * @param format where it says more than the reason
 */
export function undecodable(label: string, cause: unknown, format?: string): ExpectedError {
  const problem = `cannot be decoded${format === undefined ? '' : ` as ${format}`}: ${reasonOf(cause)}`;
  const hint = 'Save or fetch it again, convert it to PNG or JPEG, or take what is left of it with --repair.';
  return pictureError(label, problem, hint, cause);
}

/** The first telling line of the image library's report. */
function reasonOf(error: unknown): string {
  const lines = error instanceof Error ? error.message.split('\n') : [];
  const telling = lines.find((line) => line !== '' && !line.startsWith('source: bad seek'));
  return telling?.replace(/^(?:\w+: )?(?:Input buffer has corrupt header: )?/, '').trim() ?? 'damaged data';
}
