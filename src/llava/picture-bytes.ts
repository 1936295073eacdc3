import { open, type FileHandle } from 'node:fs/promises';
import { pictureError } from './picture-error.js';
import { fileProblem } from './file-problem.js';
import type { PicturePart } from './picture-part.js';

/** What the user gave: the path of a file, or bytes (stdin) with a name to call them by. */
export type PictureSource = (
  | { readonly kind: 'file'; readonly path: string }
  | { readonly kind: 'bytes'; readonly label: string; readonly bytes: Uint8Array }
) & {
  /** Of a file with several frames or pages. Default: the picture that it shows first. */
  readonly part?: PicturePart | undefined;
};

/** Files and streams larger than 100 MB are refused. */
export const MAX_PICTURE_BYTES = 100e6;

const CHUNK = 1 << 20;

/** What to call `source` in messages and results: the path as it was given, `#3` behind it for the third part. */
export function pictureLabel(source: PictureSource): string {
  const number = source.part?.at;
  return typeof number === 'number' ? partLabel(fileLabel(source), number) : fileLabel(source);
}

/** One part of a file. */
export function partLabel(file: string, number: number): string {
  return `${file}#${number}`;
}

/** The file as it was given, whichever part of it is meant. */
export function fileLabel(source: PictureSource): string {
  return source.kind === 'file' ? source.path : source.label;
}

/**
 * All bytes of `source`, at least one and at most `maxBytes`. Never reads more than `maxBytes + 1`, so that pipes
 * and devices are safe to name.
 * @throws ExpectedError 'input': missing, unreadable, a folder, empty, too large.
 */
export async function readPictureBytes(source: PictureSource, maxBytes: number): Promise<Uint8Array> {
  const label = fileLabel(source);
  const bytes = source.kind === 'file' ? await readFile(source.path, maxBytes) : source.bytes;
  if (bytes.length > maxBytes) throw tooManyBytes(label, bytes.length, maxBytes);
  if (bytes.length === 0) {
    const hint =
      source.kind === 'file' ? 'Save or fetch the file again.' : 'Pipe in a picture, or name a file.';
    throw pictureError(label, 'is empty', hint);
  }
  return bytes;
}

async function readFile(path: string, maxBytes: number): Promise<Uint8Array> {
  try {
    await using handle = await open(path);
    const stats = await handle.stat();
    if (stats.isDirectory()) throw pictureError(path, 'is a folder', 'Name one picture in it.');
    if (stats.isFile() && stats.size > maxBytes) throw tooManyBytes(path, stats.size, maxBytes);
    return await readToEnd(handle, maxBytes);
  } catch (error) {
    throw explain(error, path);
  }
}

async function readToEnd(handle: FileHandle, maxBytes: number): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let total = 0;
  while (total <= maxBytes) {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(CHUNK), 0, CHUNK, null);
    if (bytesRead === 0) break;
    chunks.push(buffer.subarray(0, bytesRead));
    total += bytesRead;
  }
  return Buffer.concat(chunks);
}

function tooManyBytes(label: string, bytes: number, maxBytes: number): Error {
  const size = `is ${megabytes(bytes)}, more than the ${megabytes(maxBytes)} allowed`;
  return pictureError(label, size, 'Make the file smaller, for example by saving it as JPEG.');
}

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(bytes < 1e7 ? 1 : 0)} MB`;
}

function explain(error: unknown, path: string): unknown {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  switch (code) {
    case 'ENOENT':
    case 'ENOTDIR':
      return /^https?:/i.test(path)
        ? pictureError(path, 'is a web address, not a file', 'Download it first and name the file.', error)
        : pictureError(path, 'does not exist', 'Check the path; it starts at the current folder.', error);
    case 'EACCES':
    case 'EPERM':
      return pictureError(
        path,
        'cannot be read: permission denied',
        'Make it readable for your user.',
        error,
      );
    case 'EISDIR':
      return pictureError(path, 'is a folder', 'Name one picture in it.', error);
    case 'ENAMETOOLONG':
    case 'ERR_INVALID_ARG_VALUE':
      return pictureError(path, 'is not a possible file name', 'Check the path.', error);
    default:
      return typeof code === 'string'
        ? pictureError(
            path,
            `cannot be read: ${fileProblem(error)}`,
            'Copy it to a local disk and try again.',
            error,
          )
        : error;
  }
}
