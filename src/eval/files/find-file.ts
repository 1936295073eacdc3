import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { ExpectedError } from '../../llava/expected-error.js';
import { quote } from '../../llava/quote.js';
import type { BenchmarkFile } from '../benchmark.js';

/** Where a file of a benchmark is, or undefined when the folder has it under none of its names. */
export async function findFile(folder: string, file: BenchmarkFile): Promise<string | undefined> {
  for (const name of file.names) {
    const path = join(folder, name);
    if (await exists(path)) return path;
  }
  return undefined;
}

/** @throws ExpectedError('input') saying where the file is published */
export async function needFile(folder: string, file: BenchmarkFile): Promise<string> {
  return (await findFile(folder, file)) ?? fail(folder, [file]);
}

/** The first of several files that the folder has. @throws ExpectedError('input') when it has none */
export async function needOneOf(
  folder: string,
  files: readonly BenchmarkFile[],
): Promise<{ readonly file: BenchmarkFile; readonly path: string }> {
  for (const file of files) {
    const path = await findFile(folder, file);
    if (path !== undefined) return { file, path };
  }
  return fail(folder, files);
}

/** The folder of pictures: the first name that is there, else the published one. */
export async function pictureFolder(folder: string, file: BenchmarkFile): Promise<string> {
  return (await findFile(folder, file)) ?? join(folder, file.names[0] ?? '.');
}

async function exists(path: string): Promise<boolean> {
  try {
    await stat(path);
    return true;
  } catch {
    return false;
  }
}

function fail(folder: string, files: readonly BenchmarkFile[]): never {
  const names = files.map((file) => quote(file.names[0] ?? '')).join(' or ');
  throw new ExpectedError('input', `${quote(folder)} has no ${names}.`, {
    hint: `Get ${files[0]?.holds ?? 'it'} from ${files[0]?.from ?? 'its authors'}`,
  });
}
