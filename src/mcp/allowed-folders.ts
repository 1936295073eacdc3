import { stat } from 'node:fs/promises';
import { isAbsolute, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { realPathInside } from '../files/real-path-inside.js';
import type { ExpectedError } from '../llava/expected-error.js';
import { fileProblem } from '../llava/file-problem.js';
import { pictureError } from '../llava/picture-error.js';
import { quote } from '../llava/quote.js';

/**
 * The real path of a file, links followed, which lies in an allowed folder.
 * @param picture a path or a `file:` address; relative to the folder if there is only one
 * @throws ExpectedError('input') for what is outside, missing or no file; nothing is opened, so no pipe is waited for
 */
export async function findAllowedFile(picture: string, folders: readonly string[]): Promise<string> {
  const path = absolutePath(picture, folders);
  const real = await realPathInside(path, folders);
  if (real === undefined) {
    const problem =
      folders.length === 0 ? 'cannot be opened: no folder is allowed' : 'is outside the allowed folders';
    throw pictureError(picture, `${problem}${listOf(folders)}`, howToAllow(folders));
  }
  const stats = await stat(real).catch((error: unknown) => {
    throw missing(picture, folders, error);
  });
  if (stats.isDirectory()) throw pictureError(picture, 'is a folder', 'Name one picture in it.');
  if (!stats.isFile()) throw pictureError(picture, 'is not a regular file', 'Name a picture.');
  return real;
}

/** Whether a file may be opened, whatever else is allowed. @param picture a path or a `file:` address */
export async function isSurelyAllowed(picture: string, folders: readonly string[]): Promise<boolean> {
  const path = pathOf(picture);
  return isAbsolute(path) && (await realPathInside(path, folders)) !== undefined;
}

function absolutePath(picture: string, folders: readonly string[]): string {
  const path = pathOf(picture);
  if (isAbsolute(path)) return path;
  const [only, ...others] = folders;
  if (only === undefined || others.length === 0) return resolve(only ?? '/', path);
  throw pictureError(
    picture,
    `is a relative path, and there are ${folders.length} allowed folders${listOf(folders)}`,
    'Give an absolute path.',
  );
}

/** A `file:` address as a path; a path as it is. */
function pathOf(picture: string): string {
  if (!/^file:/i.test(picture)) return picture;
  try {
    return fileURLToPath(picture);
  } catch (error) {
    throw pictureError(picture, 'is no address of a file on this machine', 'Give its path.', error);
  }
}

function missing(picture: string, folders: readonly string[], error: unknown): ExpectedError {
  const [only] = folders;
  const start = isAbsolute(picture) || only === undefined ? '' : `; it starts at ${quote(only)}`;
  const isMissing = (error as NodeJS.ErrnoException).code === 'ENOENT';
  const problem = isMissing ? 'does not exist' : `cannot be read: ${fileProblem(error)}`;
  return pictureError(picture, problem, `Check the path${start}.`, error);
}

function listOf(folders: readonly string[]): string {
  return folders.length === 0 ? '' : `: ${folders.map((folder) => quote(folder)).join(', ')}`;
}

function howToAllow(folders: readonly string[]): string {
  const copy = folders.length === 0 ? '' : 'Copy it into one of them. ';
  return `${copy}The user can allow a folder by starting the server as llava mcp --allow FOLDER.`;
}
