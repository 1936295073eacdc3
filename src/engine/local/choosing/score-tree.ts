import type { LlamaContextSequence, Token } from 'node-llama-cpp';
import type { NativeAddon } from '../runtime/native-addon.js';
import { evaluateReading } from '../sequences/sequence-bridge.js';
import type { TokenTree } from './token-tree.js';

/** What a tree is scored with. */
export interface Scoring {
  readonly addon: NativeAddon;
  readonly sequence: LlamaContextSequence;
  /** Hears each text's place and the sum of its tokens' log-probabilities. */
  readonly found: (place: number, logLikelihood: number) => void;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Log-likelihoods of all texts of a tree behind what the sequence holds and a few tokens more. Common beginnings are
 * evaluated once; what has no branches, in one batch. The sequence then ends somewhere behind `way`.
 * @param way tokens that are still to be evaluated on the way to the tree; at least one
 * @param sum of the log-probabilities on the way
 * @throws what `signal` was aborted with
 */
export async function scoreTree(
  scoring: Scoring,
  way: readonly Token[],
  tree: TokenTree,
  sum = 0,
): Promise<void> {
  const { addon, sequence, found, signal } = scoring;
  signal?.throwIfAborted();
  for (const place of tree.ends) found(place, sum);
  if (tree.next.size === 0) return;
  const { tokens, nodes } = followOnlyWay(tree);
  const behind = [...way.slice(0, -1).map(() => []), ...nodes.map(({ next }) => [...next.keys()])];
  const logs = (await evaluateReading(addon, sequence, [...way, ...tokens], behind)).slice(way.length - 1);
  let total = sum;
  for (const [index, node] of nodes.slice(1).entries()) {
    total += logs[index]?.[0] ?? NaN;
    for (const place of node.ends) found(place, total);
  }
  const last = nodes.at(-1) ?? tree;
  const here = sequence.nextTokenIndex;
  for (const [index, [token, next]] of [...last.next].entries()) {
    await sequence.eraseContextTokenRanges([{ start: here, end: sequence.nextTokenIndex }]);
    await scoreTree(scoring, [token], next, total + (logs.at(-1)?.[index] ?? NaN));
  }
}

/** The nodes from here on to the first one that branches or that only ends follow, and the tokens between them. */
function followOnlyWay(tree: TokenTree): { tokens: readonly Token[]; nodes: readonly TokenTree[] } {
  const tokens: Token[] = [];
  const nodes = [tree];
  for (let node = tree; node.next.size === 1;) {
    const [[token, next]] = [...node.next] as [[Token, TokenTree]];
    if (next.next.size === 0) break;
    tokens.push(token);
    nodes.push(next);
    node = next;
  }
  return { tokens, nodes };
}
