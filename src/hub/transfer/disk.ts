import { statfs, stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { ExpectedError } from '../../llava/expected-error.js';
import { quote } from '../../llava/quote.js';
import { writeProblem } from '../../llava/file-problem.js';

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
    `The rest is ${megabytes(bytes)}, but the disk of ${quote(dirname(target))} has only ${megabytes(free)} free.`,
    { hint: 'Free some space, or set HF_HUB_CACHE to a folder on another disk' },
  );
}

function megabytes(bytes: number): string {
  return `${Math.ceil(bytes / 1e6)} MB`;
}

/** A failure of the disk under `target`, in words; anything else stays as it is. */
export function diskError(target: string, error: unknown): unknown {
  if (!(error instanceof Error) || error instanceof ExpectedError || !('code' in error)) return error;
  const isFull = error.code === 'ENOSPC' || error.code === 'EDQUOT';
  return new ExpectedError(
    'weights',
    isFull
      ? `The disk of ${quote(target)} is full.`
      : `${quote(target)} cannot be written: ${writeProblem(error)}.`,
    {
      hint: isFull
        ? 'Free some space and try again: what was downloaded is kept. Or set HF_HUB_CACHE to a folder on another disk'
        : 'Set HF_HUB_CACHE to a folder that you can write to',
      cause: error,
    },
  );
}

/** The folder itself, or the nearest one above it that exists: what its disk can be asked about. */
export async function nearestFolder(folder: string): Promise<string> {
  let candidate = resolve(folder);
  while (!(await isFolder(candidate)) && candidate !== dirname(candidate)) candidate = dirname(candidate);
  return candidate;
}

async function isFolder(path: string): Promise<boolean> {
  return await stat(path).then(
    (stats) => stats.isDirectory(),
    () => false,
  );
}
