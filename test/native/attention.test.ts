import { beforeAll, describe, expect, it } from 'vitest';
import type { NativeAddon } from '../../src/engine/local/runtime/native-addon.js';
import type { NativeKernels } from '../../src/engine/local/runtime/native-kernels.js';
import { loadKernels } from '../helpers/load-kernels.js';
import { fromHalf, toHalf } from '../reference/half.js';
import { Seeded } from '../reference/seeded.js';

/* Our kernel for attention to a float16 KV cache against plain float64 on the same numbers. */

type Operands = Omit<Parameters<NativeKernels['attendCached']>[0], 'threads'>;

/** Float32 sums of a few hundred products. ggml's operation, which rounds queries and sums to float16, is up to 6e-3 away. */
const BOUND = 3e-6;
const HIDDEN = toHalf(-Infinity);

let addon: NativeAddon;
let isOurs: boolean;
beforeAll(async () => {
  ({ addon, isOurs } = await loadKernels());
});

function randomHalves(random: Seeded, count: number): Uint16Array {
  return Uint16Array.from(random.normal(count, 1), toHalf);
}

/** Query `row` sees all positions but the last ones, one more for each row, as in a causal prompt. */
function randomOperands(
  shape: Pick<Operands, 'width' | 'heads' | 'keyHeads' | 'rows' | 'positions'>,
): Operands {
  const { width, heads, keyHeads, rows, positions } = shape;
  const random = new Seeded(width + 31 * rows + 977 * positions + heads);
  const mask = new Uint16Array(rows * positions);
  for (let row = 0; row < rows; row++)
    mask.fill(HIDDEN, row * positions + Math.max(1, positions - rows + row + 1), (row + 1) * positions);
  return {
    ...shape,
    queries: random.normal(heads * rows * width, 2),
    keys: randomHalves(random, keyHeads * positions * width),
    values: randomHalves(random, keyHeads * positions * width),
    mask,
  };
}

function attend(operands: Operands, threads = 2): Float32Array {
  return addon.attendCached({ ...operands, threads });
}

function reference({
  width,
  heads,
  keyHeads,
  rows,
  positions,
  queries,
  keys,
  values,
  mask,
}: Operands): Float64Array {
  const result = new Float64Array(rows * heads * width);
  for (let head = 0; head < heads; head++) {
    const cache = Math.floor(head / (heads / keyHeads)) * positions * width;
    for (let row = 0; row < rows; row++) {
      const query = (head * rows + row) * width;
      const scores = Array.from({ length: positions }, (_, position) => {
        let sum = 0;
        for (let k = 0; k < width; k++)
          sum += queries[query + k]! * fromHalf(keys[cache + position * width + k]!);
        return sum / Math.sqrt(width) + fromHalf(mask[row * positions + position]!);
      });
      const most = Math.max(...scores);
      const shares = scores.map((score) => (most === -Infinity ? 0 : Math.exp(score - most)));
      const total = shares.reduce((sum, share) => sum + share, 0) || 1;
      for (let k = 0; k < width; k++) {
        let sum = 0;
        shares.forEach((share, position) => {
          if (share > 0) sum += share * fromHalf(values[cache + position * width + k]!);
        });
        result[(row * heads + head) * width + k] = sum / total;
      }
    }
  }
  return result;
}

function worstError(operands: Operands, actual: Float32Array): number {
  return reference(operands).reduce((worst, value, at) => Math.max(worst, Math.abs(value - actual[at]!)), 0);
}

const shapes = [
  { width: 128, heads: 4, keyHeads: 4, rows: 24, positions: 300 },
  { width: 128, heads: 4, keyHeads: 2, rows: 1, positions: 768 },
  { width: 64, heads: 3, keyHeads: 1, rows: 2, positions: 64 },
  { width: 40, heads: 2, keyHeads: 2, rows: 7, positions: 65 },
  { width: 8, heads: 1, keyHeads: 1, rows: 4, positions: 3 },
  { width: 256, heads: 1, keyHeads: 1, rows: 70, positions: 130 },
] as const;

describe('attention to a KV cache', () => {
  it.each(shapes)('of %o is that of plain floats', (shape) => {
    const operands = randomOperands(shape);
    for (const threads of [1, 2, 5])
      expect(worstError(operands, attend(operands, threads))).toBeLessThan(isOurs ? BOUND : 1e-2);
  });

  it('gives a query the same numbers alone and among others', () => {
    if (!isOurs) return;
    const shape = { width: 64, heads: 1, keyHeads: 1, rows: 8, positions: 200 };
    const operands = randomOperands(shape);
    const together = attend(operands);
    for (const rows of [1, 2, 3, 5]) {
      for (let first = 0; first + rows <= 8; first++) {
        const part = attend({
          ...operands,
          rows,
          queries: operands.queries.slice(first * 64, (first + rows) * 64),
          mask: operands.mask.slice(first * 200, (first + rows) * 200),
        });
        expect(part).toEqual(together.slice(first * 64, (first + rows) * 64));
      }
    }
  });

  it('takes nothing from hidden positions, whatever is there', () => {
    const shape = { width: 32, heads: 1, keyHeads: 1, rows: 3, positions: 192 };
    const operands = randomOperands(shape);
    for (let row = 0; row < 3; row++) operands.mask.fill(HIDDEN, row * 192 + 64, (row + 1) * 192);
    const before = attend(operands);
    operands.keys.fill(toHalf(NaN), 64 * 32);
    operands.values.fill(toHalf(NaN), 64 * 32);
    expect(attend(operands)).toEqual(before);
  });

  it('is zero for a query from which all is hidden, and finite with scores in the thousands', () => {
    const operands = randomOperands({ width: 32, heads: 1, keyHeads: 1, rows: 2, positions: 96 });
    operands.mask.fill(HIDDEN, 0, 96);
    operands.queries.fill(1000, 32, 64);
    const actual = attend(operands);
    expect(actual.slice(0, 32)).toEqual(new Float32Array(32));
    expect(worstError(operands, actual)).toBeLessThan(isOurs ? BOUND : 1e-2);
  });

  it('adds what the mask has besides minus infinity', () => {
    const operands = randomOperands({ width: 32, heads: 1, keyHeads: 1, rows: 5, positions: 96 });
    operands.mask.set(Uint16Array.from(new Seeded(3).normal(5 * 90, 2), toHalf));
    expect(worstError(operands, attend(operands))).toBeLessThan(isOurs ? BOUND : 1e-2);
  });

  it('refuses operands of different sizes', () => {
    const operands = randomOperands(shapes[2]);
    const wrong: Partial<Operands & { threads: number }>[] = [
      { width: 60 },
      { heads: 2 },
      { keyHeads: 2 },
      { rows: 0 },
      { positions: 65 },
      { mask: operands.mask.slice(1) },
      { values: new Uint16Array() },
      { threads: 0 },
    ];
    for (const change of wrong) {
      const call = () => addon.attendCached({ ...operands, threads: 1, ...change });
      expect(call, JSON.stringify(Object.keys(change))).toThrow(
        expect.objectContaining({ code: 'INVALID_ARGUMENT' }),
      );
    }
  });
});
