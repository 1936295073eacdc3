import { rename, rm, writeFile } from 'node:fs/promises';
import { ExpectedError } from '../llava/expected-error.js';
import { writeProblem } from '../llava/file-problem.js';
import { quote } from '../llava/quote.js';

/**
 * Writes a file all or nothing: beside it first, then renamed, so that no half of it is ever seen.
 * @throws ExpectedError('input') when the folder is missing, not writable or full.
 */
export async function writeWholeFile(path: string, bytes: Uint8Array): Promise<void> {
  const part = `${path}.${process.pid}.part`;
  try {
    await writeFile(part, bytes, { flush: true });
    await rename(part, path);
  } catch (error) {
    await rm(part, { force: true }).catch(() => undefined);
    throw new ExpectedError('input', `${quote(path)} cannot be written: ${writeProblem(error)}.`, {
      hint: 'Name a file in an existing folder that you can write to, on a disk with space',
      cause: error,
    });
  }
}
