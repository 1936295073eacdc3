import type { LlamaContextSequence, Token } from 'node-llama-cpp';
import type { Sampling } from '../../engine.js';
import type { NativeAddon } from '../runtime/native-addon.js';
import { evaluateReading } from '../sequences/sequence-bridge.js';
import type { TokenTree } from './token-tree.js';

/**
 * Goes from the root of a tree to the end of one of its texts, token by token: at temperature 0 always the likeliest, else
 * drawn. Unlike under a grammar, a text is met in its usual tokens only, and so with its true likelihood.
 * @param way tokens that are still to be evaluated of the prompt; at least one
 * @param end what says in the tree that a text ends where others go on
 */
export async function* chooseTokens(
  { addon, sequence }: { readonly addon: NativeAddon; readonly sequence: LlamaContextSequence },
  way: readonly Token[],
  tree: TokenTree,
  end: Token | null,
  sampling: Pick<Sampling, 'temperature' | 'seed'>,
): AsyncGenerator<Token> {
  const random = randomNumbers(sampling.seed);
  let [node, open] = [tree, way];
  while (node.next.size > 0) {
    const followers = [...node.next.keys()];
    const behind = open.map((_, index) => (index === open.length - 1 ? followers : []));
    const logs = (await evaluateReading(addon, sequence, open, behind)).at(-1) ?? new Float64Array();
    const token = followers[choosePlace(logs, sampling.temperature, random())];
    const next = token === undefined ? undefined : node.next.get(token);
    if (token === undefined || next === undefined || token === end) return;
    yield token;
    [node, open] = [next, [token]];
  }
}

/** @param drawn a number from 0 to below 1 */
function choosePlace(logs: Float64Array, temperature: number, drawn: number): number {
  const best = logs.indexOf(Math.max(...logs));
  if (temperature === 0) return best;
  const top = logs[best] ?? 0;
  const weights = [...logs].map((log) => Math.exp((log - top) / temperature));
  let left = drawn * weights.reduce((sum, weight) => sum + weight, 0);
  return weights.findIndex((weight) => (left -= weight) < 0);
}

/** Numbers from 0 to below 1: mulberry32 with a seed, else the platform's. */
function randomNumbers(seed: number | undefined): () => number {
  if (seed === undefined) return Math.random;
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
