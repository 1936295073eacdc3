import { countRows, rowOf, softmax, type Rows } from './arithmetic.js';

export interface AttentionShape {
  readonly heads: number;
  /** Heads of keys and values; each serves heads / keyHeads query heads. */
  readonly keyHeads: number;
  /** How many keys query row `index` sees: all of them, or under a causal mask those up to its own place. */
  readonly seen: (index: number) => number;
}

/**
 * softmax(q kᵀ / √d) v for every head alone, the results side by side (Vaswani et al., 2017).
 * q [n, heads·d], k and v [m, keyHeads·d] → [n, heads·d].
 */
export function attend(q: Rows, k: Rows, v: Rows, { heads, keyHeads, seen }: AttentionShape): Rows {
  const size = q.width / heads;
  const rows = countRows(q);
  const out: Rows = { width: q.width, data: new Float64Array(q.data.length) };
  for (let head = 0; head < heads; head++) {
    const column = head * size;
    const shared = Math.floor((head * keyHeads) / heads) * size;
    for (let r = 0; r < rows; r++) {
      const query = rowOf(q, r);
      const scores = new Float64Array(seen(r));
      for (let s = 0; s < scores.length; s++) {
        const key = rowOf(k, s);
        let sum = 0;
        for (let d = 0; d < size; d++) {
          sum += query[column + d]! * key[shared + d]!;
        }
        scores[s] = sum / Math.sqrt(size);
      }
      const result = rowOf(out, r);
      softmax(scores).forEach((share, s) => {
        const value = rowOf(v, s);
        for (let d = 0; d < size; d++) {
          result[column + d]! += share * value[shared + d]!;
        }
      });
    }
  }
  return out;
}
