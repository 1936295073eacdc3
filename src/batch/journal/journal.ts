import { rm, type FileHandle } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { randomUUID } from 'node:crypto';
import { parseEntry, type JournalEntry, type JournalHeader } from './journal-entry.js';
import type { KeyTable } from './key-table.js';
import { openOrCreate, readJournal, syncFolder, type FoundJournal } from './read-journal.js';
import { writeFailed } from '../output/write-failed.js';

export interface JournalOptions {
  /** Undefined: a journal for this run only, gone with it. */
  readonly path: string | undefined;
  /** Written to a new journal; an old one keeps its own. */
  readonly header: JournalHeader;
  /** Forget failures, so that they are tried again. */
  readonly retryErrors?: boolean | undefined;
  /** Entries are on the disk after that many … Default 64. */
  readonly syncEntries?: number | undefined;
  /** … or that many milliseconds. Default 1000. */
  readonly syncMs?: number | undefined;
}

const READ_AHEAD = 1024;

/**
 * What is known so far, by key: answers, failures, pictures. A file that only grows, one JSON entry a line. An entry
 * is in the file before its row is in the output, so what was answered is never asked again: a killed process
 * loses nothing that was appended, a power cut at most the entries since the last sync. Memory holds the keys.
 */
export class Journal implements AsyncDisposable {
  readonly header: JournalHeader;
  readonly #file: FileHandle;
  readonly #path: string;
  readonly #options: JournalOptions;
  /** Key → where in the file its entry starts. */
  readonly #offsets: KeyTable;
  #size: number;
  /** Entries to be written next, those together that wait for the same turn. */
  #waiting: JournalEntry[] = [];
  #unsynced = 0;
  #timer: NodeJS.Timeout | undefined;
  /** Appends and syncs, one after the other; after a failure nothing more is written. */
  #queue: Promise<void> = Promise.resolve();

  private constructor(file: FileHandle, path: string, found: FoundJournal, options: JournalOptions) {
    this.#file = file;
    this.#path = path;
    this.#options = options;
    this.header = found.header;
    this.#offsets = found.offsets;
    this.#size = found.size;
  }

  /**
   * Opens a journal, or begins one. A torn last line, as a crash leaves it, is cut off; other lines that cannot be
   * read are passed over.
   * @throws ExpectedError('input') when it cannot be opened or is no journal
   */
  static async open(options: JournalOptions): Promise<Journal> {
    const path = options.path ?? join(tmpdir(), `llava-batch-${randomUUID()}.journal`);
    try {
      const file = await openOrCreate(path);
      if (options.path === undefined) await rm(path, { force: true });
      const found = await readJournal(file, path, options.header, options.retryErrors === true);
      const journal = new Journal(file, path, found, options);
      if (found.size === 0) await journal.#begin();
      return journal;
    } catch (error) {
      throw writeFailed(path, error);
    }
  }

  /** Tells which keys are known by now and were not added later. */
  whatIsFromBefore(): (key: string) => boolean {
    const size = this.#size;
    return (key) => (this.#offsets.get(key) ?? size) < size;
  }

  /** The last entry under that key. */
  async find(key: string): Promise<JournalEntry | undefined> {
    const offset = this.#offsets.get(key);
    if (offset === undefined) return undefined;
    return parseEntry(await this.#readLine(offset));
  }

  /** @throws ExpectedError('input') when the disk is full or gone; what was appended before stays good */
  async append(entry: JournalEntry): Promise<void> {
    this.#waiting.push(entry);
    await this.#inTurn(async () => {
      const entries = this.#waiting;
      if (entries.length === 0) return;
      this.#waiting = [];
      const offsets = await this.#write(entries);
      for (const [place, { key }] of entries.entries()) this.#offsets.set(key, offsets[place] ?? 0);
      this.#unsynced += entries.length;
    });
    if (this.#unsynced >= (this.#options.syncEntries ?? 64)) await this.sync();
    // Its failure is met by the next append or sync.
    else
      this.#timer ??= setTimeout(() => void this.sync().catch(() => undefined), this.#options.syncMs ?? 1000);
  }

  /** Resolves when all that was appended is on the disk. */
  async sync(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    await this.#inTurn(async () => {
      if (this.#unsynced === 0 || this.#options.path === undefined) return;
      await this.#file.sync();
      this.#unsynced = 0;
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearTimeout(this.#timer);
    await this.sync().catch(() => undefined);
    await this.#file.close();
  }

  async #begin(): Promise<void> {
    await this.#inTurn(async () => {
      await this.#write([this.header]);
      if (this.#options.path === undefined) return;
      await this.#file.sync();
      await syncFolder(dirname(this.#path));
    });
  }

  /** One line each; where they start. */
  async #write(values: readonly object[]): Promise<readonly number[]> {
    const start = this.#size;
    const lines = values.map((value) => Buffer.from(`${JSON.stringify(value)}\n`));
    const bytes = Buffer.concat(lines);
    for (let done = 0; done < bytes.length;) {
      const { bytesWritten } = await this.#file.write(bytes, done, bytes.length - done, start + done);
      done += bytesWritten;
    }
    const offsets: number[] = [];
    for (const { length } of lines) {
      offsets.push(this.#size);
      this.#size += length;
    }
    return offsets;
  }

  async #readLine(offset: number): Promise<string> {
    for (let length = READ_AHEAD; ; length *= 4) {
      const { buffer, bytesRead } = await this.#file.read(Buffer.alloc(length), 0, length, offset);
      const end = buffer.subarray(0, bytesRead).indexOf('\n');
      if (end !== -1) return buffer.toString('utf8', 0, end);
      if (bytesRead < length) throw new Error(`The journal "${this.#path}" was truncated while in use.`);
    }
  }

  #inTurn(work: () => Promise<void>): Promise<void> {
    const turn = this.#queue.then(work).catch((error: unknown) => {
      throw writeFailed(this.#path, error);
    });
    this.#queue = turn;
    turn.catch(() => undefined);
    return turn;
  }
}
