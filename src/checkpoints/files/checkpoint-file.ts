import { open, type FileHandle } from 'node:fs/promises';
import { fileError, readError } from '../checkpoint-error.js';

/** Bytes of one system call: between two of them a signal is heard. */
const READ_BYTES = 1 << 24;

/**
 * A file that is opened for each read and closed after it, so that a checkpoint of any number of files holds none. One
 * that changed since its header was read is refused.
 */
export class CheckpointFile {
  readonly path: string;
  readonly bytes: number;
  readonly #changed: bigint;

  private constructor(path: string, bytes: number, changed: bigint) {
    this.path = path;
    this.bytes = bytes;
    this.#changed = changed;
  }

  /** @throws ExpectedError('weights') when it is missing, unreadable or a folder */
  static async open(path: string): Promise<CheckpointFile> {
    try {
      await using handle = await open(path);
      const stats = await handle.stat({ bigint: true });
      if (stats.isFile()) return new CheckpointFile(path, Number(stats.size), stats.mtimeNs);
    } catch (error) {
      throw readError(path, error);
    }
    throw fileError(path, 'is not a file', 'Name the folder that the checkpoint’s files lie in.');
  }

  /**
   * Exactly `length` bytes from byte `start` on; both lie inside the file.
   * @throws ExpectedError('weights') when it changed or cannot be read; the signal's reason on abort
   */
  async read(start: number, length: number, signal?: AbortSignal): Promise<Buffer> {
    signal?.throwIfAborted();
    try {
      await using handle = await open(this.path);
      const stats = await handle.stat({ bigint: true });
      if (Number(stats.size) !== this.bytes || stats.mtimeNs !== this.#changed)
        throw fileError(this.path, 'changed while it was read', 'Wait until it is complete, then try again.');
      const bytes = Buffer.allocUnsafeSlow(length);
      await fill(handle, bytes, start, signal);
      return bytes;
    } catch (error) {
      throw readError(this.path, error);
    }
  }
}

async function fill(
  handle: FileHandle,
  bytes: Buffer,
  start: number,
  signal: AbortSignal | undefined,
): Promise<void> {
  for (let done = 0; done < bytes.length;) {
    const wanted = Math.min(READ_BYTES, bytes.length - done);
    const { bytesRead } = await handle.read(bytes, done, wanted, start + done);
    signal?.throwIfAborted();
    if (bytesRead === 0) throw new RangeError(`Byte ${start + done} lies behind the end of the file.`);
    done += bytesRead;
  }
}
