import { statfs } from 'node:fs/promises';
import { ExpectedError } from '../../llava/expected-error.js';
import { formatBytes } from '../../llava/format.js';
import { quote } from '../../llava/quote.js';

/** What a disk should have left when all is written. */
const MARGIN_BYTES = 64 * 1024 * 1024;

/**
 * Checks that `bytes` more fit into a folder.
 * @throws ExpectedError('input') when they do not
 */
export async function checkFreeSpace(folder: string, bytes: number): Promise<void> {
  const { bavail, bsize } = await statfs(folder);
  const free = bavail * bsize;
  if (free >= bytes + MARGIN_BYTES) return;
  const needed = `${formatBytes(bytes)}, and ${formatBytes(MARGIN_BYTES)} should be left`;
  throw new ExpectedError(
    'input',
    `The disk of ${quote(folder)} has ${formatBytes(free)} free; converting takes ${needed}.`,
    { hint: 'Free some space, or name a folder on another disk with -o' },
  );
}
