import type { Token } from 'node-llama-cpp';

/** Texts of tokens by their common beginnings. */
export interface TokenTree<Id = Token> {
  /** By the token that leads there. */
  readonly next: Map<Id, TokenTree<Id>>;
  /** Places of the texts that end here. */
  readonly ends: number[];
}

/**
 * Gathers texts: those that begin alike share the way.
 * @param end follows a text that others go on from: only so is it told apart from them
 */
export function growTokenTree<Id = Token>(texts: readonly (readonly Id[])[], end: Id | null): TokenTree<Id> {
  const root: TokenTree<Id> = { next: new Map(), ends: [] };
  for (const [place, tokens] of texts.entries()) {
    let node = root;
    for (const token of tokens) {
      let next = node.next.get(token);
      if (next === undefined) node.next.set(token, (next = { next: new Map(), ends: [] }));
      node = next;
    }
    node.ends.push(place);
  }
  if (end !== null) endBeginnings(root, end);
  return root;
}

function endBeginnings<Id>(node: TokenTree<Id>, end: Id): void {
  for (const next of node.next.values()) endBeginnings(next, end);
  if (node.ends.length > 0 && node.next.size > 0)
    node.next.set(end, { next: new Map(), ends: node.ends.splice(0) });
}

/** The same tree as `count` trees at most that share out what is to be evaluated; none is empty but of an empty tree. */
export function splitTokenTree({ next, ends }: TokenTree, count: number): readonly TokenTree[] {
  const branches = [...next].sort(([, a], [, b]) => inner(b) - inner(a));
  const parts: TokenTree[] = [];
  for (const [place, [token, branch]] of branches.entries()) {
    // Branches that end at once need nothing evaluated: they stay with the first part.
    const part = inner(branch) === 0 ? 0 : place % count;
    const known = (parts[part] ??= { next: new Map(), ends: [] });
    known.next.set(token, branch);
  }
  const [first = { next: new Map<Token, TokenTree>(), ends: [] }, ...others] = parts;
  return [{ ...first, ends }, ...others];
}

/** Tokens of the tree that others follow: those that must be evaluated. */
function inner({ next }: TokenTree): number {
  let sum = next.size > 0 ? 1 : 0;
  for (const branch of next.values()) sum += inner(branch);
  return sum;
}
