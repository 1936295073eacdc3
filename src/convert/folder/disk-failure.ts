import { ExpectedError } from '../../llava/expected-error.js';
import { codeOf, writeProblem } from '../../llava/file-problem.js';
import { quote } from '../../llava/quote.js';

/** Codes of a disk that cannot take what is written. */
const OF_DISKS: ReadonlySet<string> = new Set([
  'ENOSPC',
  'EDQUOT',
  'EROFS',
  'EACCES',
  'EPERM',
  'EFBIG',
  'EIO',
]);

/** Does what writes into a folder. @throws ExpectedError('input') in words, where the disk fails */
export async function diskFailure<T>(folder: string, write: () => Promise<T>): Promise<T> {
  try {
    return await write();
  } catch (error) {
    if (!OF_DISKS.has(codeOf(error) ?? '')) throw error;
    throw new ExpectedError(
      'input',
      `Nothing more can be written into ${quote(folder)}: ${writeProblem(error)}.`,
      {
        hint: 'Free some space and run the same command again: what is done is kept',
        cause: error,
      },
    );
  }
}
