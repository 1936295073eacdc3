import { withLock } from 'lifecycle-utils';
import type { LlamaContextSequence, Token } from 'node-llama-cpp';
import type { NativeAddon } from '../runtime/native-addon.js';
import type { PrefixCache } from '../caches/prefix-cache.js';
import { copySequence, evaluateFeatures } from './sequence-bridge.js';
import type { PrefixParts, SequencePool, Slot } from './sequence-pool.js';

/** A sequence that begins with an image prefix, until it is disposed of. */
export interface LentSlot extends Disposable {
  readonly sequence: LlamaContextSequence;
  /** Positions of the prefix that were evaluated just now. */
  readonly evaluated: number;
}

/**
 * Brings image prefixes into slots with the least work: what a slot holds stays, what another slot holds is copied,
 * only the rest is evaluated.
 */
export class ImageSlots {
  readonly #addon: NativeAddon;
  readonly #pool: SequencePool;
  readonly #cache: PrefixCache | undefined;

  /** @param cache where evaluated prefixes are kept beyond this process */
  constructor(addon: NativeAddon, pool: SequencePool, cache?: PrefixCache) {
    this.#addon = addon;
    this.#pool = pool;
    this.#cache = cache;
  }

  /**
   * Lends a slot that begins with this prefix; what stands behind the prefix is from earlier.
   * @throws ExpectedError('engine') when llama.cpp fails; ExpectedError('interrupted') on abort
   */
  async lend(prefix: PrefixParts, signal?: AbortSignal): Promise<LentSlot> {
    const slot = await this.#pool.acquire(prefix, signal);
    try {
      // One at a time: whoever comes second for the same picture finds it evaluated.
      const evaluated = await withLock([this, 'prepare'], () => this.#prepare(slot, prefix, signal));
      const release = () => {
        this.#pool.release(slot);
      };
      return { sequence: slot.sequence, evaluated, [Symbol.dispose]: release };
    } catch (error) {
      this.#pool.release(slot);
      throw error;
    }
  }

  /** Answers with the positions that had to be evaluated. */
  async #prepare(slot: Slot, prefix: PrefixParts, signal?: AbortSignal): Promise<number> {
    if (slot.prefix === prefix) return 0;
    signal?.throwIfAborted();
    slot.prefix = undefined;
    const { sequence } = slot;
    const length = prefix.textBefore.length + prefix.features.tokens;
    const holder = this.#pool.slots.find((other) => other.prefix === prefix);
    if (holder !== undefined) await copySequence(holder.sequence, sequence, length);
    const isThere = holder !== undefined || (await this.#cache?.restore(sequence, prefix, length)) === true;
    const evaluated = isThere ? 0 : await this.#evaluate(sequence, prefix, signal);
    slot.prefix = prefix;
    return evaluated;
  }

  /** Answers with the positions that had to be evaluated. */
  async #evaluate(
    sequence: LlamaContextSequence,
    prefix: PrefixParts,
    signal?: AbortSignal,
  ): Promise<number> {
    const { textBefore, features } = prefix;
    const kept = await rewindToText(sequence, textBefore);
    await evaluateFeatures(this.#addon, sequence, features, signal);
    await this.#cache?.keep(sequence, prefix);
    return textBefore.length + features.tokens - kept;
  }
}

/** Leaves the text in the sequence and nothing else. Answers with the positions that need not be evaluated for that. */
async function rewindToText(sequence: LlamaContextSequence, text: readonly Token[]): Promise<number> {
  const there = sequence.contextTokens;
  const kept = text.every((token, index) => there[index] === token) ? text.length : 0;
  await sequence.eraseContextTokenRanges([{ start: kept, end: sequence.nextTokenIndex }]);
  if (kept === 0) await sequence.evaluateWithoutGeneratingNewTokens([...text]);
  return kept;
}
