import { getSystemErrorMap } from 'node:util';
import { ExpectedError } from './expected-error.js';
import { quote } from './quote.js';

/** What the system's codes mean to whoever named the file. */
const PROBLEMS: Readonly<Record<string, string>> = {
  ENOENT: 'no such file',
  ENOTDIR: 'a part of its path is a file, not a folder',
  EISDIR: 'it is a folder',
  EEXIST: 'it exists already',
  EACCES: 'permission denied',
  EPERM: 'permission denied',
  ENOSPC: 'the disk is full',
  EDQUOT: 'the disk quota is used up',
  EROFS: 'the disk is read-only',
  EFBIG: 'files cannot be that large here',
  EMFILE: 'too many files are open',
  ENFILE: 'too many files are open',
  ENAMETOOLONG: 'the name is too long',
  ERR_INVALID_ARG_VALUE: 'the name holds a null character',
  ELOOP: 'its links lead in a circle',
  EIO: 'the disk failed',
  EBUSY: 'another program holds it',
  ETXTBSY: 'it is a program that runs',
  EADDRINUSE: 'another program listens there',
  ECONNREFUSED: 'nobody listens there',
  EPIPE: 'the program that reads it has ended',
  EINVAL: 'it does not allow that',
};

/** Why a file could not be read, in words that finish `… cannot be read: `; no full stop. */
export function fileProblem(error: unknown): string {
  const code = codeOf(error);
  if (code !== undefined) return PROBLEMS[code] ?? systemsWords(error);
  return error instanceof Error ? error.message : String(error);
}

/** Why a file could not be written, in words that finish `… cannot be written: `; no full stop. */
export function writeProblem(error: unknown): string {
  return codeOf(error) === 'ENOENT' ? 'the folder does not exist' : fileProblem(error);
}

/** System calls that change what is on a disk. */
const WRITES = /write|mkdir|mkdtemp|rename|unlink|rmdir|^rm$|link|copy|trunc|sync|utime|chmod/;

/**
 * What the system refused, when no place of the program that asked for it has better words.
 * @returns undefined for an error of another kind
 */
export function systemFailure(error: unknown): ExpectedError | undefined {
  const code = codeOf(error);
  if (code === undefined || !(error instanceof Error && 'syscall' in error)) return undefined;
  const { path, dest, address, syscall } = Object(error) as Readonly<Record<string, unknown>>;
  const named = [dest, path, address].find((name) => typeof name === 'string' || Buffer.isBuffer(name));
  const isWrite = WRITES.test(String(syscall));
  const what = named === undefined ? 'A file or stream' : quote(String(named));
  const problem = `cannot be ${isWrite ? 'written' : 'read'}: ${isWrite ? writeProblem(error) : fileProblem(error)}`;
  return new ExpectedError('input', `${what} ${problem}.`, {
    hint: isWrite
      ? 'Name a place that you can write to, on a disk with space'
      : 'Check that it exists and that you can read it',
    cause: error,
  });
}

/** In the words of libuv, such as `protocol error`. */
function systemsWords(error: unknown): string {
  const errno = error instanceof Error && 'errno' in error ? error.errno : undefined;
  const [, words] = (typeof errno === 'number' ? getSystemErrorMap().get(errno) : undefined) ?? [];
  return words ?? 'the system refused it';
}

/** The system's code of an error, such as `ENOENT`. */
export function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}
