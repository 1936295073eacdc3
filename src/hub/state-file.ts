import { randomUUID } from 'node:crypto';
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { codeOf } from '../llava/file-problem.js';

/** Where this tool keeps what it remembers: the platform's data folder, on Linux `$XDG_DATA_HOME/llava`. */
export async function stateFolder(): Promise<string> {
  const { default: envPaths } = await import('env-paths');
  return envPaths('llava', { suffix: '' }).data;
}

/** A killed holder's lock is taken over after this many ms; a holder needs a few. */
const STALE_MS = 5000;

/** The JSON in a small file, the plain text where it is not JSON; undefined when there is no file. */
export async function readStateFile(path: string): Promise<unknown> {
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw error;
  });
  try {
    return text === undefined ? undefined : JSON.parse(text);
  } catch {
    return text;
  }
}

/** Reads, changes and writes a state file while no other process does; readers see the old file or the new one. */
export async function updateStateFile(path: string, change: (content: unknown) => unknown): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  const { lock } = await import('proper-lockfile');
  const release = await lock(path, {
    realpath: false,
    stale: STALE_MS,
    retries: { retries: 200, factor: 1, minTimeout: 20, maxTimeout: 60, randomize: true },
    // A machine that slept meanwhile may lose one entry, never the file.
    onCompromised: () => undefined,
  });
  try {
    await writeAtomically(path, `${JSON.stringify(await change(await readStateFile(path)), null, 2)}\n`);
  } finally {
    await release().catch(() => undefined);
  }
}

/** Writes a small file whole: first into `folder`, on the same disk, then renamed. */
export async function writeAtomically(path: string, text: string, folder = dirname(path)): Promise<void> {
  const part = join(folder, `.part-${randomUUID()}`);
  try {
    await writeFile(part, text, { flush: true });
    await rename(part, path);
  } catch (error) {
    await rm(part, { force: true });
    throw error;
  }
}
