import { createHash } from 'node:crypto';
import type { LlamaContextSequence } from 'node-llama-cpp';
import type { CacheFolder } from './cache-folder.js';
import type { PrefixParts } from '../sequences/sequence-pool.js';

/**
 * Evaluated image prefixes on disk, an entry for each picture, system text and way of computing: half a MiB a position
 * of LLaVA-1.5-7B. What is restored is, bit by bit, what was evaluated.
 */
export class PrefixCache {
  readonly #folder: CacheFolder;
  readonly #engine: string;

  /** @param engine tells weights, llama.cpp and the way of computing from all others */
  constructor(folder: CacheFolder, engine: string) {
    this.#folder = folder;
    this.#engine = engine;
  }

  /**
   * Makes the sequence hold that prefix and nothing else, when it is kept; else nothing is sure to be in the sequence.
   * @param length positions of the prefix
   */
  async restore(sequence: LlamaContextSequence, prefix: PrefixParts, length: number): Promise<boolean> {
    const path = await this.#folder.find('prefix', this.#key(prefix));
    if (path === undefined) return false;
    try {
      // The key tells the weights and the digest was checked.
      await sequence.loadStateFromFile(path, { acceptRisk: true });
    } catch {
      return false;
    }
    return sequence.nextTokenIndex === length;
  }

  /** Keeps what the sequence holds, which is that prefix and nothing else. */
  async keep(sequence: LlamaContextSequence, prefix: PrefixParts): Promise<void> {
    await this.#folder.keep('prefix', this.#key(prefix), async (path) => {
      await sequence.saveStateToFile(path);
    });
  }

  #key({ textBefore, features: { values, tokens, width } }: PrefixParts): string {
    const { buffer, byteOffset, byteLength } = values;
    return createHash('sha256')
      .update(JSON.stringify([this.#engine, textBefore, tokens, width]))
      .update(new Uint8Array(buffer, byteOffset, byteLength))
      .digest('hex');
  }
}
