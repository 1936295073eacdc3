import type { Token } from 'node-llama-cpp';
import { describe, expect, it } from 'vitest';
import { growTokenTree, splitTokenTree, type TokenTree } from '../../src/engine/local/choosing/token-tree.js';
import { Seeded } from '../reference/seeded.js';

/** Every text of a tree with its place. */
function textsOf({ next, ends }: TokenTree, way: readonly number[] = []): [number, readonly number[]][] {
  const below = [...next].flatMap(([token, branch]) => textsOf(branch, [...way, token]));
  return [...ends.map((place): [number, readonly number[]] => [place, way]), ...below];
}

describe('growTokenTree', () => {
  it('ends texts that others go on from, and no others', () => {
    const texts = [[1], [1, 2], [3], [1], [1, 2, 4]] as Token[][];
    expect(textsOf(growTokenTree(texts, 9 as Token)).sort(([a], [b]) => a - b)).toEqual([
      [0, [1, 9]],
      [1, [1, 2, 9]],
      [2, [3]],
      [3, [1, 9]],
      [4, [1, 2, 4]],
    ]);
  });
});

describe('splitTokenTree', () => {
  it('keeps every text, in as many parts as there are branches to evaluate at most', () => {
    const random = new Seeded(3);
    for (let round = 0; round < 200; round++) {
      const texts = Array.from({ length: Math.floor(random.next() * 30) }, () =>
        Array.from({ length: Math.floor(random.next() * 5) }, () => Math.floor(random.next() * 4) as Token),
      );
      const count = 1 + Math.floor(random.next() * 5);
      const parts = splitTokenTree(growTokenTree(texts, null), count);
      expect(parts.length).toBeLessThanOrEqual(count);
      const found = parts.flatMap((part) => textsOf(part)).sort(([a], [b]) => a - b);
      expect(found).toEqual(texts.map((tokens, place) => [place, tokens]));
    }
  });

  it('leaves single tokens in one part', () => {
    expect(splitTokenTree(growTokenTree([[1 as Token], [2 as Token], [3 as Token]], null), 4)).toHaveLength(
      1,
    );
  });
});
