import { ExpectedError } from '../../llava/expected-error.js';
import { MAX_PICTURE_BYTES, readPictureBytes, type PictureSource } from '../../llava/picture-bytes.js';
import type { Io } from '../../terminal/io.js';

/**
 * Paths of the command line → sources of pictures. stdin (`-`) is read here, and so is a picture that is the only
 * one: a file that is missing or no file is found before anything else begins.
 * @throws ExpectedError('input') for those
 */
export async function pictureSources(paths: readonly string[], io: Io): Promise<readonly PictureSource[]> {
  const sources: PictureSource[] = [];
  for (const path of paths) sources.push(await pictureSource(path, paths.length === 1, io));
  return sources;
}

async function pictureSource(path: string, isOnlyOne: boolean, io: Io): Promise<PictureSource> {
  if (path === '')
    throw new ExpectedError('input', 'The path of a picture is empty: "".', { hint: 'Name a file' });
  if (path === '-') {
    const { readStdin } = await import('../../terminal/read-stdin.js');
    return { kind: 'bytes', label: 'stdin', bytes: await readStdin(io, MAX_PICTURE_BYTES) };
  }
  const file = { kind: 'file', path } as const;
  if (!isOnlyOne) return file;
  return { kind: 'bytes', label: path, bytes: await readPictureBytes(file, MAX_PICTURE_BYTES) };
}
