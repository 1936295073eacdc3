import { stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';

/** The folder itself, or the nearest one above it that exists: what its disk can be asked about. */
export async function nearestFolder(folder: string): Promise<string> {
  let candidate = resolve(folder);
  while (!(await isFolder(candidate)) && candidate !== dirname(candidate)) candidate = dirname(candidate);
  return candidate;
}

async function isFolder(path: string): Promise<boolean> {
  return await stat(path).then(
    (stats) => stats.isDirectory(),
    () => false,
  );
}
