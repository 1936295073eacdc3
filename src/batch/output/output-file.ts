import { once } from 'node:events';
import { open, type FileHandle } from 'node:fs/promises';
import type { Writable } from 'node:stream';
import { writeFailed } from './write-failed.js';

/** Where output lines go. */
export interface RowSink {
  write(line: string): Promise<void>;
  /** Hands on what is held back. */
  flush(): Promise<void>;
  /** The last line was written: nothing may follow. */
  finish(): Promise<void>;
  close(): Promise<void>;
}

const CHUNK = 1 << 16;

/**
 * An output file that is written from its first line, but left alone as long as it holds the very same bytes:
 * resuming shows what is there line by line, and cuts at the first difference, such as a line torn by a crash.
 * So a resumed file ends up equal to one written in one go, and its good part is never out of sight.
 */
export class OutputFile implements RowSink {
  readonly #file: FileHandle;
  readonly #path: string;
  /** End of what is written and agreed. */
  #position = 0;
  #held: Buffer[] = [];
  #heldBytes = 0;
  /** Bytes of the old file from `#position` on, or undefined when nothing is left of it. */
  #old: Buffer | undefined;

  private constructor(file: FileHandle, path: string, isNew: boolean) {
    this.#file = file;
    this.#path = path;
    this.#old = isNew ? undefined : Buffer.alloc(0);
  }

  /**
   * @param keep compare with what is there; otherwise the file is emptied
   * @throws ExpectedError('input') when it cannot be opened
   */
  static async open(path: string, keep: boolean): Promise<OutputFile> {
    try {
      return new OutputFile(await open(path, keep ? 'r+' : 'w'), path, !keep);
    } catch (error) {
      throw writeFailed(path, error);
    }
  }

  async write(line: string): Promise<void> {
    const bytes = Buffer.from(line);
    this.#held.push(bytes);
    this.#heldBytes += bytes.length;
    if (this.#heldBytes >= CHUNK) await this.flush();
  }

  async flush(): Promise<void> {
    if (this.#heldBytes === 0) return;
    const lines = this.#held;
    this.#held = [];
    this.#heldBytes = 0;
    try {
      await this.#put(lines);
    } catch (error) {
      throw writeFailed(this.#path, error);
    }
  }

  async finish(): Promise<void> {
    await this.flush();
    try {
      if (this.#old !== undefined) await this.#file.truncate(this.#position);
      await this.#file.sync();
    } catch (error) {
      throw writeFailed(this.#path, error);
    }
  }

  async close(): Promise<void> {
    try {
      await this.flush();
    } finally {
      await this.#file.close();
    }
  }

  async #put(lines: readonly Buffer[]): Promise<void> {
    let index = 0;
    while (this.#old !== undefined && index < lines.length) {
      const line = lines[index];
      if (line === undefined || !(await this.#agrees(line))) break;
      index++;
    }
    await this.#append(Buffer.concat(lines.slice(index)));
  }

  /** Whether the old file goes on with `line`; if not, it is cut here. */
  async #agrees(line: Buffer): Promise<boolean> {
    let old = this.#old ?? Buffer.alloc(0);
    if (old.length < line.length) old = Buffer.concat([old, await this.#readOld(line.length, old.length)]);
    if (old.subarray(0, line.length).equals(line)) {
      this.#old = old.subarray(line.length);
      this.#position += line.length;
      return true;
    }
    this.#old = undefined;
    await this.#file.truncate(this.#position);
    return false;
  }

  async #readOld(atLeast: number, skip: number): Promise<Buffer> {
    const length = Math.max(CHUNK, atLeast);
    const { buffer, bytesRead } = await this.#file.read(
      Buffer.alloc(length),
      0,
      length,
      this.#position + skip,
    );
    return buffer.subarray(0, bytesRead);
  }

  async #append(bytes: Buffer): Promise<void> {
    for (let done = 0; done < bytes.length;) {
      const { bytesWritten } = await this.#file.write(bytes, done, bytes.length - done, this.#position);
      done += bytesWritten;
      this.#position += bytesWritten;
    }
  }
}

/** Output rows to a stream such as stdout, which stays open. */
export class StreamOutput implements RowSink {
  readonly #stream: Writable;

  constructor(stream: Writable) {
    this.#stream = stream;
  }

  async write(line: string): Promise<void> {
    if (!this.#stream.write(line)) await once(this.#stream, 'drain');
  }

  flush(): Promise<void> {
    return Promise.resolve();
  }

  finish(): Promise<void> {
    return Promise.resolve();
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}
