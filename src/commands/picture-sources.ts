import { ExpectedError } from '../llava/expected-error.js';
import { MAX_PICTURE_BYTES, type PictureSource } from '../llava/picture.js';
import type { Io } from '../terminal/io.js';
import { readStdin } from '../terminal/read-stdin.js';

/** Paths of the command line → sources of pictures; `-` is read from stdin here. */
export async function pictureSources(paths: readonly string[], io: Io): Promise<readonly PictureSource[]> {
  const sources: PictureSource[] = [];
  for (const path of paths) {
    if (path === '')
      throw new ExpectedError('input', 'The path of a picture is empty: "".', { hint: 'Name a file' });
    sources.push(
      path === '-'
        ? { kind: 'bytes', label: 'stdin', bytes: await readStdin(io, MAX_PICTURE_BYTES) }
        : { kind: 'file', path },
    );
  }
  return sources;
}

/** The name of a source in answers and errors. */
export function labelOf(source: PictureSource): string {
  return source.kind === 'file' ? source.path : source.label;
}
