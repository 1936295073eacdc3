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
};

/** Why a file could not be read, in words that finish `… cannot be read: `; no full stop. */
export function fileProblem(error: unknown): string {
  const code = codeOf(error);
  if (code !== undefined) return PROBLEMS[code] ?? `the system reported ${code}`;
  return error instanceof Error ? error.message : String(error);
}

/** Why a file could not be written, in words that finish `… cannot be written: `; no full stop. */
export function writeProblem(error: unknown): string {
  return codeOf(error) === 'ENOENT' ? 'the folder does not exist' : fileProblem(error);
}

function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}
