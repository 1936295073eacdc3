import type { LlamaContextSequence, Token } from 'node-llama-cpp';
import type { ImageFeatures } from '../image-features.js';

/** What an image prefix is made of. */
export interface PrefixParts {
  /** Tokens in front of the image features. */
  readonly textBefore: readonly Token[];
  readonly features: ImageFeatures;
}

/** A sequence of the context, and what it begins with. */
export interface Slot {
  readonly sequence: LlamaContextSequence;
  /** The image prefix that is evaluated there; undefined when there is none. */
  prefix: PrefixParts | undefined;
}

/** Lends the sequences of a context, one to each who asks; those who wait get theirs in the order they came. */
export class SequencePool {
  readonly slots: readonly Slot[];
  /** Least recently used first. */
  readonly #free: Slot[];
  readonly #waiting: ((slot: Slot) => void)[] = [];

  constructor(sequences: readonly LlamaContextSequence[]) {
    this.slots = sequences.map((sequence) => ({ sequence, prefix: undefined }));
    this.#free = [...this.slots];
  }

  /**
   * A slot for its user alone, if possible one that holds the prefix already; to be released.
   * @throws what `signal` was aborted with, also while waiting
   */
  async acquire(prefix: PrefixParts, signal?: AbortSignal): Promise<Slot> {
    signal?.throwIfAborted();
    const slot = this.#free.find((free) => free.prefix === prefix) ?? this.#free[0];
    if (slot === undefined) return await this.#wait(signal);
    this.#free.splice(this.#free.indexOf(slot), 1);
    return slot;
  }

  release(slot: Slot): void {
    const next = this.#waiting.shift();
    if (next === undefined) this.#free.push(slot);
    else next(slot);
  }

  #wait(signal?: AbortSignal): Promise<Slot> {
    return new Promise((resolve, reject) => {
      const take = (slot: Slot) => {
        signal?.removeEventListener('abort', giveUp);
        resolve(slot);
      };
      const giveUp = () => {
        this.#waiting.splice(this.#waiting.indexOf(take), 1);
        reject(signal?.reason as Error);
      };
      signal?.addEventListener('abort', giveUp, { once: true });
      this.#waiting.push(take);
    });
  }
}
