import { createHash } from 'node:crypto';
import { open } from 'node:fs/promises';

export interface HashOptions {
  /** Called after each read with the bytes hashed so far, and those of the file. */
  readonly onProgress?: ((done: number, total: number) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** One read; two of them are held. Larger ones are no faster. */
const READ_BYTES = 1 << 22;

/**
 * The SHA-256 of a file of any size, in hexadecimal digits: the next bytes are read while the last are hashed.
 * @throws the signal's reason on abort, and the system's errors
 */
export async function hashFile(path: string, { onProgress, signal }: HashOptions = {}): Promise<string> {
  await using handle = await open(path);
  const { size } = await handle.stat();
  const hash = createHash('sha256');
  const read = (buffer: Buffer, position: number) => handle.read(buffer, 0, READ_BYTES, position);
  let [full, spare] = [Buffer.allocUnsafe(READ_BYTES), Buffer.allocUnsafe(READ_BYTES)];
  let reading = read(full, 0);
  for (let done = 0; ;) {
    const { bytesRead } = await reading;
    if (bytesRead === 0) return hash.digest('hex');
    signal?.throwIfAborted();
    done += bytesRead;
    reading = read(spare, done);
    hash.update(full.subarray(0, bytesRead));
    [full, spare] = [spare, full];
    onProgress?.(done, Math.max(size, done));
  }
}
