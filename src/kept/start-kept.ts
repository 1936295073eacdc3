import { spawn, type ChildProcessByStdio } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { join, parse } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { packageFile } from '../files/package-file.js';
import { readTextFile } from '../files/read-text-file.js';
import { llavaVersion } from '../engine/local/runtime/release.js';
import { ExpectedError } from '../llava/expected-error.js';
import { fileProblem } from '../llava/file-problem.js';
import type { OpeningHost } from '../opening/opening-host.js';
import type { FoundWeights } from '../opening/find-weights.js';
import { KeptConnection, KeptGone } from './kept-connection.js';
import type { KeptEntry, KeptFolder } from './kept-folder.js';
import type { KeptWishes } from './kept-key.js';
import { stateSchema } from './wire.js';

/** What the process that keeps an engine is told on stdin. */
export interface KeptTask {
  /** Where to listen, and how to be found. */
  readonly entry: KeptEntry;
  readonly weights: FoundWeights;
  readonly wishes: KeptWishes;
  /** Milliseconds after the last use. */
  readonly keepMs: number;
}

/** Another start takes less than a second; a lock that was left behind is broken after ten. */
const LOCKING = {
  realpath: false,
  stale: 10_000,
  retries: { retries: 400, factor: 1, minTimeout: 20, maxTimeout: 60, randomize: true },
  onCompromised: () => undefined,
};

/**
 * Starts a process that keeps an engine; of several who start the same at once, one does. It lives on when this one ends.
 * @throws KeptGone when it cannot be started
 */
export async function startKept(
  key: string,
  what: Omit<KeptTask, 'entry'>,
  folder: KeptFolder,
  host: Pick<OpeningHost, 'env' | 'signal'>,
): Promise<KeptEntry> {
  try {
    folder.make();
    const { lock } = await import('proper-lockfile');
    const unlock = await lock(folder.path, {
      ...LOCKING,
      lockfilePath: join(folder.path, `${key}.lock`),
    });
    try {
      const there = await findLiving(key, folder, host.signal);
      if (there !== undefined) return there;
      const entry = folder.newEntry(key, llavaVersion());
      await spawnKept({ entry, ...what }, folder.logPath(entry), host);
      return entry;
    } finally {
      await unlock().catch(() => undefined);
    }
  } catch (error) {
    if (host.signal.aborted || error instanceof ExpectedError || error instanceof KeptGone) throw error;
    throw new KeptGone(`it could not be started: ${fileProblem(error)}.`, { cause: error });
  }
}

/** The engine of that key, if it lives; one that has died is forgotten. */
async function findLiving(
  key: string,
  folder: KeptFolder,
  signal: AbortSignal,
): Promise<KeptEntry | undefined> {
  const there = folder.find(key);
  if (there === undefined) return undefined;
  try {
    await new KeptConnection(there.address).call('/engine/state', stateSchema, undefined, signal);
    return there;
  } catch (error) {
    if (!(error instanceof KeptGone)) throw error;
    folder.forget(there);
    return undefined;
  }
}

/** Settles when the process listens; it has said so with a line. */
async function spawnKept(
  task: KeptTask,
  logPath: string,
  { env, signal }: Pick<OpeningHost, 'env' | 'signal'>,
): Promise<void> {
  const log = openSync(logPath, 'w', 0o600);
  try {
    const child = spawn(process.execPath, [packageFile('bin/llava.js'), 'keep-engine'], {
      env,
      signal,
      // No folder of the user's is held on to.
      cwd: parse(process.cwd()).root,
      detached: true,
      windowsHide: true,
      stdio: ['pipe', 'pipe', log],
    }) as ChildProcessByStdio<Writable, Readable, null>;
    const ended = once(child, 'exit');
    ended.catch(() => undefined);
    child.stdin.on('error', () => undefined);
    child.stdin.end(JSON.stringify(task));
    const listening = once(createInterface(child.stdout), 'line').then(() => true);
    if (!(await Promise.race([listening, ended.then(() => false)]))) throw new KeptGone(lastWords(logPath));
    child.stdout.destroy();
    child.unref();
  } finally {
    closeSync(log);
  }
}

/** What the process said before it ended. */
function lastWords(logPath: string): string {
  const lines = readTextFile('The log', logPath, '').trim().split('\n');
  // The last line may be the hint, which fits another command.
  const line = lines.findLast((one) => one.startsWith('error: '))?.slice('error: '.length) ?? lines.at(-1);
  return line === undefined || line === '' ? 'it ended at once.' : `it could not be started: ${line}`;
}
