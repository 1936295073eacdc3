import { createHash } from 'node:crypto';
import type { PartFile } from './part-file.js';

const READ_BYTES = 1024 * 1024;

/**
 * SHA-256 of a part, computed behind its growing front while further bytes come in. What is written stays in the
 * system's cache, so that reading it back costs little, and nothing waits for it.
 */
export class FrontHash {
  readonly #part: PartFile;
  readonly #hash = createHash('sha256');
  readonly #buffer = Buffer.allocUnsafe(READ_BYTES);
  #position = 0;
  #following: Promise<void> | undefined;

  constructor(part: PartFile) {
    this.#part = part;
  }

  /** Bytes hashed so far. */
  get position(): number {
    return this.#position;
  }

  /** Hashes on in the background as far as the front goes. */
  follow(signal?: AbortSignal): void {
    this.#following ??= this.#advance(signal).finally(() => {
      this.#following = undefined;
    });
    // Its failure comes up again in `finish`.
    this.#following.catch(() => undefined);
  }

  /** The hash of the whole part, in hex; every byte of it must be there. */
  async finish(signal?: AbortSignal, onAdvance?: () => void): Promise<string> {
    await this.settle();
    await this.#advance(signal, onAdvance);
    return this.#hash.digest('hex');
  }

  /** Waits until nothing is read any more. */
  async settle(): Promise<void> {
    await this.#following?.catch(() => undefined);
  }

  async #advance(signal?: AbortSignal, onAdvance?: () => void): Promise<void> {
    while (this.#position < this.#part.front) {
      signal?.throwIfAborted();
      const wanted = Math.min(READ_BYTES, this.#part.front - this.#position);
      const read = await this.#part.read(this.#buffer.subarray(0, wanted), this.#position);
      if (read === 0) throw new Error(`The part ends at byte ${this.#position}, before its noted front.`);
      this.#hash.update(this.#buffer.subarray(0, read));
      this.#position += read;
      onAdvance?.();
    }
  }
}
