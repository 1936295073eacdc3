import { realpath } from 'node:fs/promises';
import { isAbsolute, relative, resolve, sep } from 'node:path';

/**
 * A file's real path, links followed, when it lies in one of the folders; undefined when it does not. What does not exist
 * is judged by its name, and comes back as it was given.
 */
export async function realPathInside(path: string, folders: readonly string[]): Promise<string | undefined> {
  const real = await realpath(path).catch(() => undefined);
  for (const folder of folders) {
    const named = resolve(folder);
    const isAllowed =
      real === undefined
        ? isInside(resolve(path), named)
        : isInside(real, await realpath(named).catch(() => named));
    if (isAllowed) return real ?? path;
  }
  return undefined;
}

/** A folder counts as inside itself. */
function isInside(path: string, folder: string): boolean {
  const way = relative(folder, path);
  return way !== '..' && !way.startsWith(`..${sep}`) && !isAbsolute(way);
}
