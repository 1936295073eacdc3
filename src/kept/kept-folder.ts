import { randomUUID } from 'node:crypto';
import { lstatSync, mkdirSync, readFileSync, readdirSync, rmSync, rmdirSync, type Stats } from 'node:fs';
import { join } from 'node:path';
import { checkSocketPath } from '../files/socket-path.js';
import { writeWholeFile } from '../files/write-whole-file.js';
import { ExpectedError } from '../llava/expected-error.js';
import { writeProblem } from '../llava/file-problem.js';
import { quote } from '../llava/quote.js';
import type { Environment } from '../opening/environment.js';
import { keptFolderPath } from './kept-folder-path.js';

/** An engine that was kept, as its process wrote it down; it may have died since. */
export interface KeptEntry {
  /** Tells engines of other weights or settings apart. */
  readonly key: string;
  /** Tells this process from others that kept the same. */
  readonly id: string;
  /** A UNIX socket or named pipe. */
  readonly address: string;
  /** Of the llava that runs it. */
  readonly version: string;
}

/**
 * Where kept engines are found: a folder that only its owner can enter, since whoever can write to a socket's folder can
 * put a socket of his own there. The folder exists only while something is kept.
 */
export class KeptFolder {
  readonly path: string;

  constructor(env: Environment) {
    this.path = keptFolderPath(env);
  }

  /**
   * The engine kept under a key; undefined when there is none.
   * @throws ExpectedError('engine') when somebody else can write to the folder, or wrote the entry
   */
  find(key: string): KeptEntry | undefined {
    return this.list().find((entry) => entry.key === key);
  }

  /** @throws as {@link find} */
  list(): readonly KeptEntry[] {
    const stats = statsOf(this.path);
    if (stats === undefined) return [];
    this.#checkFolder(stats);
    return readdirSync(this.path)
      .filter((name) => name.endsWith('.json'))
      .flatMap((name) => readEntry(join(this.path, name), name.slice(0, -'.json'.length)));
  }

  /** Makes the folder if it is missing. @throws as {@link find} */
  make(): void {
    try {
      mkdirSync(this.path, { mode: 0o700 });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw cannotMake(this.path, error);
    }
    const stats = statsOf(this.path);
    if (stats !== undefined) this.#checkFolder(stats);
  }

  /**
   * An entry for a new engine, with an address that no other has.
   * @throws ExpectedError('usage') when the folder's path is too long for one
   */
  newEntry(key: string, version: string): KeptEntry {
    const name = randomUUID();
    const id = name.slice(0, 8);
    const address =
      process.platform === 'win32'
        ? `\\\\.\\pipe\\llava-${name}`
        : checkSocketPath(join(this.path, `${id}.sock`));
    return { key, id, address, version };
  }

  /** Lets others find an engine; it takes the place of one that died. */
  async add({ key, ...entry }: KeptEntry): Promise<void> {
    await writeWholeFile(this.#entryPath(key), Buffer.from(JSON.stringify(entry)));
  }

  /** Where the process of that engine writes what goes wrong; it is there as long as the process. */
  logPath({ id }: KeptEntry): string {
    return join(this.path, `${id}.log`);
  }

  /** Hides an engine from others: it takes no more questions. */
  hide({ key, id, address }: KeptEntry): void {
    // A pipe of Windows is no file, and goes with its server.
    if (process.platform !== 'win32') rmSync(address, { force: true });
    // Another may have taken its place.
    const [entry] = readEntry(this.#entryPath(key), key);
    if (entry?.id === id) rmSync(this.#entryPath(key), { force: true });
  }

  /** Forgets an engine that has ended, and with the last one the folder. */
  forget(entry: KeptEntry): void {
    this.hide(entry);
    rmSync(this.logPath(entry), { force: true });
    try {
      rmdirSync(this.path);
    } catch {
      // Others are kept.
    }
  }

  #entryPath(key: string): string {
    return join(this.path, `${key}.json`);
  }

  #checkFolder(stats: Stats): void {
    if (stats.isDirectory() && isOwn(stats) && isClosed(stats)) return;
    throw new ExpectedError('engine', `The folder ${quote(this.path)} is open to other users.`, {
      hint: `rm -r ${this.path}`,
    });
  }
}

/** What the entry says; nothing when it is gone, or is not whole. */
function readEntry(path: string, key: string): readonly KeptEntry[] {
  const stats = statsOf(path);
  if (stats === undefined) return [];
  checkOwner(path, stats);
  const { id, address, version } = readFields(path);
  if (typeof id !== 'string' || typeof address !== 'string' || typeof version !== 'string') return [];
  const socket = process.platform === 'win32' ? undefined : statsOf(address);
  if (socket !== undefined) checkOwner(address, socket);
  return [{ key, id, address, version }];
}

function readFields(path: string): Readonly<Record<string, unknown>> {
  try {
    return Object(JSON.parse(readFileSync(path, 'utf8'))) as Record<string, unknown>;
  } catch {
    return {};
  }
}

function cannotMake(path: string, error: unknown): ExpectedError {
  return new ExpectedError('engine', `The folder ${quote(path)} cannot be made: ${writeProblem(error)}.`, {
    hint: 'Set XDG_RUNTIME_DIR to a folder of your own',
    cause: error,
  });
}

function checkOwner(path: string, stats: Stats): void {
  if (isOwn(stats)) return;
  throw new ExpectedError('engine', `${quote(path)} belongs to another user.`, { hint: `rm ${path}` });
}

function isOwn({ uid }: Stats): boolean {
  return process.getuid === undefined || uid === process.getuid();
}

/** Windows has no such modes; there the folder lies in the user's profile. */
function isClosed({ mode }: Stats): boolean {
  return process.platform === 'win32' || (mode & 0o077) === 0;
}

/** Of the file itself, never of what a link names; undefined when it cannot be seen. */
function statsOf(path: string): Stats | undefined {
  try {
    return lstatSync(path);
  } catch {
    return undefined;
  }
}
