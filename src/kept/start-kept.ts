import { spawn, type ChildProcessByStdio } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { join, parse } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { packageFile } from '../files/package-file.js';
import { readTextFile } from '../files/read-text-file.js';
import type { OpeningHost } from '../opening/opening-host.js';
import type { FoundWeights } from '../opening/find-weights.js';
import { KeptConnection, KeptGone } from './kept-connection.js';
import type { KeptEntry, KeptFolder } from './kept-folder.js';
import type { KeptWishes } from './kept-key.js';
import { stateSchema } from './wire.js';

/** What the process that keeps an engine is told on stdin. */
export interface KeptTask {
  readonly key: string;
  readonly weights: FoundWeights;
  readonly wishes: KeptWishes;
  /** Milliseconds after the last use. */
  readonly keepMs: number;
}

/**
 * Starts a process that keeps an engine; of several who start the same at once, one does. It lives on when this one ends.
 * @throws KeptGone when it cannot be started
 */
export async function startKept(
  task: KeptTask,
  folder: KeptFolder,
  { env, signal }: Pick<OpeningHost, 'env' | 'signal'>,
): Promise<KeptEntry> {
  folder.make();
  const { lock } = await import('proper-lockfile');
  const unlock = await lock(folder.path, {
    realpath: false,
    lockfilePath: join(folder.path, `${task.key}.lock`),
    stale: 10_000,
    retries: { retries: 400, factor: 1, minTimeout: 20, maxTimeout: 60, randomize: true },
    onCompromised: () => undefined,
  });
  try {
    const there = folder.find(task.key);
    if (there !== undefined && (await answers(there, signal))) return there;
    if (there !== undefined) folder.forget(there);
    folder.make();
    await spawnKept(task, folder.logPath(task.key), env, signal);
    const started = folder.find(task.key);
    if (started === undefined) throw new KeptGone('it ended at once.');
    return started;
  } finally {
    await unlock().catch(() => undefined);
  }
}

/** Whether an engine lives. */
async function answers({ address }: KeptEntry, signal: AbortSignal): Promise<boolean> {
  const connection = new KeptConnection(address);
  try {
    await connection.call('/engine/state', stateSchema, undefined, signal);
    return true;
  } catch (error) {
    if (error instanceof KeptGone) return false;
    throw error;
  }
}

/** Settles when the process listens; it has said so with a line. */
async function spawnKept(
  task: KeptTask,
  logPath: string,
  env: OpeningHost['env'],
  signal: AbortSignal,
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
    if (!(await Promise.race([listening, ended.then(() => false)]))) throw new KeptGone(lastLine(logPath));
    child.stdout.destroy();
    child.unref();
  } finally {
    closeSync(log);
  }
}

/** What the process said before it ended. */
function lastLine(logPath: string): string {
  const [line] = readTextFile('The log', logPath, '').trim().split('\n').slice(-1);
  return line === undefined || line === '' ? 'it ended at once.' : `it could not be started: ${line}`;
}
