import { statfs } from 'node:fs/promises';
import { ExpectedError } from '../../llava/expected-error.js';
import { formatBytes } from '../../llava/format.js';
import { quote } from '../../llava/quote.js';

/** What a disk should still have left behind. */
const MARGIN_BYTES = 64 * 1024 * 1024;

/**
 * Checks that `bytes` more fit into a folder.
 * @throws ExpectedError('input') when they do not
 */
export async function checkFreeSpace(folder: string, bytes: number): Promise<void> {
  const { bavail, bsize } = await statfs(folder);
  const free = bavail * bsize;
  if (free >= bytes + MARGIN_BYTES) return;
  throw new ExpectedError(
    'input',
    `Converting takes ${formatBytes(bytes)}, but the disk of ${quote(folder)} has only ${formatBytes(free)} free.`,
    { hint: 'Free some space, or name a folder on another disk with -o' },
  );
}
