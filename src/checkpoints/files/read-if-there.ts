import { readFile } from 'node:fs/promises';
import { codeOf } from '../../llava/file-problem.js';
import { readError } from '../checkpoint-error.js';

/** A small file of a checkpoint; undefined when there is none. @throws ExpectedError('weights') when it cannot be read */
export async function readIfThere(path: string): Promise<Buffer | undefined> {
  try {
    return await readFile(path);
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw readError(path, error);
  }
}
