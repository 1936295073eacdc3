import { open } from 'node:fs/promises';
import { BadHeader, NeedMoreBytes } from './gguf-cursor.js';
import { parseGguf, type GgufContents } from './parse-gguf.js';
import { sniffWeights } from './sniff-weights.js';
import { weightsError } from '../weights-error.js';

/** All that a GGUF file says before its numbers start. */
export interface GgufHeader extends GgufContents {
  readonly path: string;
  readonly fileBytes: number;
}

/** A 32,000-token vocabulary and all else fit in this; larger headers are read again, four times as far. */
const FIRST_READ = 1 << 20;
/** Vocabularies of a quarter million tokens with merges take some 20 MB. */
const LONGEST_HEADER = 1 << 26;

const REMEDY = 'Download the file again, or convert the model anew.';

/**
 * Reads the header of a GGUF file (version 2 or 3, little-endian) in milliseconds, without its tensors' data.
 * @throws ExpectedError 'weights': missing, unreadable, no GGUF file, damaged or cut off.
 */
export async function readGgufHeader(path: string): Promise<GgufHeader> {
  try {
    await using handle = await open(path);
    const stats = await handle.stat();
    if (stats.isDirectory()) throw weightsError(path, 'is a folder', 'Name the .gguf file in it.');
    for (let length = FIRST_READ; ; length *= 4) {
      const wanted = Math.min(length, stats.size);
      const { buffer, bytesRead } = await handle.read(Buffer.alloc(wanted), 0, wanted, 0);
      const head = buffer.subarray(0, bytesRead);
      const contents = parseHead(path, head, stats.size);
      if (contents !== undefined) return { path, fileBytes: stats.size, ...contents };
      if (bytesRead < wanted || length >= LONGEST_HEADER) {
        throw weightsError(path, `is damaged: its header does not end within ${bytesRead} bytes`, REMEDY);
      }
    }
  } catch (error) {
    throw explain(error, path);
  }
}

/** Undefined when the header goes on after `head`. */
function parseHead(path: string, head: Uint8Array, fileBytes: number): GgufContents | undefined {
  const stranger = sniffWeights(head);
  if (stranger !== undefined) throw weightsError(path, stranger.problem, stranger.hint);
  try {
    return parseGguf(head, fileBytes);
  } catch (error) {
    if (error instanceof NeedMoreBytes) return undefined;
    if (error instanceof BadHeader) throw weightsError(path, error.message, REMEDY, error);
    throw error;
  }
}

function explain(error: unknown, path: string): unknown {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  switch (code) {
    case 'ENOENT':
    case 'ENOTDIR':
      return weightsError(path, 'does not exist', 'Check the path; it starts at the current folder.', error);
    case 'EISDIR':
      return weightsError(path, 'is a folder', 'Name the .gguf file in it.', error);
    case 'EACCES':
    case 'EPERM':
      return weightsError(path, 'may not be read: permission denied', 'Allow yourself to read it.', error);
    case 'ENAMETOOLONG':
    case 'ERR_INVALID_ARG_VALUE':
      return weightsError(path, 'is not a possible file name', 'Check the path.', error);
    default:
      return typeof code === 'string' ? weightsError(path, `cannot be read: ${code}`, REMEDY, error) : error;
  }
}
