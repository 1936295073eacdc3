/** What the system's codes mean to whoever named the file. */
const PROBLEMS: Readonly<Record<string, string>> = {
  ENOENT: 'no such file',
  ENOTDIR: 'a part of its path is a file, not a folder',
  EISDIR: 'it is a folder',
  EEXIST: 'it exists already',
  EACCES: 'no permission',
  EPERM: 'no permission',
  ENOSPC: 'the disk is full',
  EDQUOT: 'the disk quota is used up',
  EROFS: 'the disk is read-only',
  EMFILE: 'too many files are open',
  ENFILE: 'too many files are open',
  ENAMETOOLONG: 'the name is too long',
  ERR_INVALID_ARG_VALUE: 'the name holds a null character',
  ELOOP: 'its links lead in a circle',
  EIO: 'the disk failed',
  EBUSY: 'another program holds it',
};

/** Why a file could not be read or written, in words that finish `… cannot be read: `; no full stop. */
export function fileProblem(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  if (typeof code === 'string') return PROBLEMS[code] ?? code;
  return error instanceof Error ? error.message : String(error);
}
