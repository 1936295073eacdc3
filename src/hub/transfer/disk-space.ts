import { statfs } from 'node:fs/promises';
import { dirname } from 'node:path';
import { ExpectedError } from '../../llava/expected-error.js';
import { quote } from '../../llava/quote.js';

/** What a disk should still have left behind a download. */
const MARGIN_BYTES = 64 * 1024 * 1024;

/**
 * Checks that `bytes` more fit beside `target`; its folder exists.
 * @throws ExpectedError('weights') when they do not
 */
export async function checkDiskSpace(target: string, bytes: number): Promise<void> {
  const { bavail, bsize } = await statfs(dirname(target));
  const free = bavail * bsize;
  if (bytes === 0 || free >= bytes + MARGIN_BYTES) return;
  throw new ExpectedError(
    'weights',
    `${megabytes(bytes)} are still to come, but the disk of ${quote(dirname(target))} has ${megabytes(free)} free.`,
    { hint: 'Make space, or set HF_HUB_CACHE to a folder on another disk' },
  );
}

function megabytes(bytes: number): string {
  return `${Math.ceil(bytes / 1e6)} MB`;
}
