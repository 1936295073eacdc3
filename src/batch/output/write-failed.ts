import { ExpectedError } from '../../llava/expected-error.js';
import { quote } from '../../llava/quote.js';

/** What a failed write of the output or the journal means, and how to go on. */
export function writeFailed(path: string, error: unknown): ExpectedError {
  if (error instanceof ExpectedError) return error;
  const code = error instanceof Error && 'code' in error ? String(error.code) : undefined;
  if (code === undefined) throw error;
  const problem = PROBLEMS[code] ?? `it failed with ${code}`;
  return new ExpectedError('input', `${quote(path)} could not be written: ${problem}.`, {
    hint: 'Mend that, then go on with --resume: nothing answered is lost',
    cause: error,
  });
}

const PROBLEMS: Readonly<Record<string, string>> = {
  ENOSPC: 'the disk is full',
  EDQUOT: 'your quota of the disk is used up',
  EFBIG: 'files may not be that large here',
  EACCES: 'permission denied',
  EPERM: 'permission denied',
  EROFS: 'the disk is read-only',
  ENOENT: 'its folder does not exist',
  EISDIR: 'it is a folder',
};
