import { createHash } from 'node:crypto';
import { stat } from 'node:fs/promises';
import type { Checkpoint } from '../../checkpoints/checkpoint.js';

/** Tells files apart that something is made of: their paths, sizes and times. */
export async function originOf(paths: Iterable<string>, settings: unknown): Promise<string> {
  const hash = createHash('sha256').update(JSON.stringify(settings));
  for (const path of [...new Set(paths)].sort()) {
    const { size, mtimeMs } = await stat(path);
    hash.update(JSON.stringify([path, size, mtimeMs]));
  }
  return hash.digest('hex');
}

/** The files that hold a checkpoint's tensors. */
export function filesOf(checkpoint: Checkpoint): ReadonlySet<string> {
  return new Set([...checkpoint.tensors.values()].map(({ path }) => path));
}
