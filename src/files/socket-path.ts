import { ExpectedError } from '../llava/expected-error.js';
import { quote } from '../llava/quote.js';

/** What fits a `sockaddr_un` of macOS, the shortest; Linux has 107. */
const MAX_BYTES = 103;

/**
 * Node cuts longer paths short, which puts the socket into another folder.
 * @throws ExpectedError('usage') for a path that a UNIX socket cannot have
 */
export function checkSocketPath(path: string): string {
  const bytes = Buffer.byteLength(path);
  if (process.platform === 'win32' || bytes <= MAX_BYTES) return path;
  throw new ExpectedError(
    'usage',
    `The socket ${quote(path)} has a path of ${bytes} bytes, more than ${MAX_BYTES}.`,
    { hint: 'Name a folder with a shorter path' },
  );
}
