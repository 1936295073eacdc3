import { open } from 'node:fs/promises';
import { weightsError } from '../weights-error.js';
import { BadHeader, NeedMoreBytes } from './gguf-cursor.js';
import { parseGguf, type GgufContents } from './parse-gguf.js';
import { fileProblem } from '../../llava/file-problem.js';

/** All that a GGUF file says before its numbers start. */
export interface GgufHeader extends GgufContents {
  readonly path: string;
  readonly fileBytes: number;
}

/** A 32,000-token vocabulary and all else fit in this; larger headers are read again, four times as far. */
const FIRST_READ = 1 << 20;
/** Vocabularies of a quarter million tokens with merges take some 20 MB. */
const LONGEST_HEADER = 1 << 26;

const REMEDY = 'Download the file again, or convert the model again.';

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
      return weightsError(
        path,
        'cannot be read: permission denied',
        'Make it readable for your user.',
        error,
      );
    case 'ENAMETOOLONG':
    case 'ERR_INVALID_ARG_VALUE':
      return weightsError(path, 'is not a possible file name', 'Check the path.', error);
    default:
      return typeof code === 'string'
        ? weightsError(path, `cannot be read: ${fileProblem(error)}`, REMEDY, error)
        : error;
  }
}

/** Why a file is no GGUF file, completing `Weights file "x.gguf" …`, and what to do. */
export interface Stranger {
  readonly problem: string;
  readonly hint: string;
}

const AGAIN = 'Download the file itself.';
const CONVERT = 'Convert it to GGUF, or download a GGUF file of the model.';

/** How files begin that are found where weights should be. */
const STRANGERS: readonly (readonly [start: RegExp, problem: string, hint: string])[] = [
  [/^$/, 'is empty', AGAIN],
  [/^version https:\/\/git-lfs/, 'is a git-lfs pointer, not the file itself', 'Run: git lfs pull'],
  [/^\s*(?:<!doctype|<html|<\?xml)/i, 'is a web page, not a GGUF file', AGAIN],
  [/^\s*\{/, 'is JSON, not a GGUF file', AGAIN],
  [/^(?:lmgg|fmgg|tjgg|algg)/, 'is in the GGML format that GGUF replaced in 2023', CONVERT],
  [/^[^]{8}\{"/, 'is a safetensors file, not GGUF', CONVERT],
  [/^PK\x03\x04/, 'is a PyTorch or ZIP file, not GGUF', CONVERT],
  [/^\x1f\x8b/, 'is compressed with gzip', 'Unpack it first.'],
];

/** Undefined for what starts as GGUF files do. */
export function sniffWeights(head: Uint8Array): Stranger | undefined {
  const start = Buffer.from(head.subarray(0, 64)).toString('latin1');
  if (start.startsWith('GGUF')) return undefined;
  const found = STRANGERS.find(([pattern]) => pattern.test(start));
  if (found !== undefined) return { problem: found[1], hint: found[2] };
  const bytes = Buffer.from(head.subarray(0, 4)).toString('hex');
  return { problem: `is not a GGUF file: it starts with the bytes ${bytes}`, hint: AGAIN };
}
