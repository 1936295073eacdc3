import { once } from 'node:events';
import { open, type FileHandle } from 'node:fs/promises';
import { ExpectedError } from '../../llava/expected-error.js';
import { quote } from '../../llava/quote.js';
import { findParts } from '../../batch/shards/find-parts.js';
import { mergeShards } from '../../batch/shards/merge-shards.js';
import { openRows } from './row-source.js';
import type { CommandContext } from '../command-context.js';
import { writeProblem } from '../../llava/file-problem.js';

/** Rows are put into order by their input; how they would be sampled does not matter. */
const DEFAULTS = { sampling: { temperature: 0, topP: 1, seed: undefined, maxTokens: 1 } };

/** Writes the rows of all shards in the order of the input; parts may be named by patterns. */
export async function mergeParts(
  input: string,
  parts: readonly string[],
  output: string,
  { io, signal }: CommandContext,
): Promise<void> {
  const files = await findParts(parts);
  const rows = mergeShards(await openRows(input, io), files, DEFAULTS);
  await using file = output === '-' ? undefined : await create(output);
  for await (const row of rows) {
    signal.throwIfAborted();
    if (file !== undefined) await file.write(row);
    else if (!io.stdout.write(row)) await once(io.stdout, 'drain');
  }
}

/** A file that is there stays as it is. */
async function create(path: string): Promise<FileHandle> {
  try {
    return await open(path, 'wx');
  } catch (error) {
    throw new ExpectedError('input', `${quote(path)} cannot be created: ${writeProblem(error)}.`, {
      hint: 'Name a new file with -o',
      cause: error,
    });
  }
}
