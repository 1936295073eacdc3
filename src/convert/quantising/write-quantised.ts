import { createHash } from 'node:crypto';
import { readFile, rename, rm, writeFile } from 'node:fs/promises';
import { quantiseFile } from '../../engine/quantising/quantise-file.js';
import { ExpectedError } from '../../llava/expected-error.js';
import { quote } from '../../llava/quote.js';
import { readGgufHeader } from '../../weights/gguf/gguf-header.js';
import { exists } from '../folder/work-folder.js';
import type { FileType } from './file-types.js';
import type { Importance } from './read-imatrix.js';

export interface QuantisedOptions {
  /** Tells what the source is made of. */
  readonly origin: string;
  readonly threads?: number | undefined;
  readonly importance?: Importance | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Hears the bytes that are written. */
  readonly onProgress?: ((bytes: number) => void) | undefined;
}

/**
 * Writes a GGUF file of floats again in a quantised format, under a temporary name until it is whole. What an earlier call
 * wrote is kept when it was made of the same.
 * @throws ExpectedError('engine') when llama.cpp refuses, or the disk is full; the signal's reason on abort
 */
export async function writeQuantised(
  source: string,
  target: string,
  type: FileType,
  options: QuantisedOptions,
): Promise<void> {
  const { importance, origin, signal, threads, onProgress } = options;
  const hash = createHash('sha256').update(JSON.stringify([origin, type.number, importance?.keys]));
  for (const [matrix, values] of importance?.importance ?? []) hash.update(matrix).update(values);
  const plan = hash.digest('hex');
  const [part, note] = [`${target}.part`, `${target}.made`];
  if ((await readFile(note, 'utf8').catch(() => '')) === plan && (await exists(target))) return;
  await rm(note, { force: true });
  const { importance: columns = [], keys = [] } = importance ?? {};
  try {
    const task = { source, target: part, type: type.number, threads, importance: columns, keys };
    await quantiseFile(task, { signal, onProgress });
    await checkWritten(part);
  } catch (error) {
    await rm(part, { force: true });
    throw error;
  }
  await rename(part, target);
  await writeFile(note, plan);
}

/** llama.cpp writes on when the disk is full: then tensors lie behind the file's end, or it has no header. */
async function checkWritten(path: string): Promise<void> {
  try {
    await readGgufHeader(path);
  } catch (cause) {
    throw new ExpectedError(
      'engine',
      `llama.cpp could not write all of ${quote(path)}: the disk is full, or failed.`,
      {
        hint: 'Free some space and run the same command again: what is done is kept',
        cause,
      },
    );
  }
}
