import { beforeAll, describe, expect, it } from 'vitest';
import type { NativeAddon } from '../../src/engine/local/runtime/native-addon.js';
import { loadKernels } from '../helpers/load-kernels.js';
import { worstProductError } from '../reference/compare.js';
import { fromBrainFloat, fromHalf, toBrainFloat, toHalf } from '../reference/half.js';
import { Seeded } from '../reference/seeded.js';

/* Our kernels for weights that are floats, on x86 with AVX2, against plain float64. */

type FloatType = 'F32' | 'F16' | 'BF16';

/** A share of what is added up; ggml rounds activations to the weights' type, and is 1e-4 (F16) and more away. */
const BOUND = 1e-6;

let addon: NativeAddon;
let isOurs: boolean;
beforeAll(async () => {
  ({ addon, isOurs } = await loadKernels());
});

interface Operands {
  readonly type: FloatType;
  readonly inputs: number;
  readonly weights: Uint8Array;
  /** What the weights stand for. */
  readonly matrix: Float64Array;
  readonly rows: Float32Array;
}

function randomOperands(type: FloatType, inputs: number, outputs: number, count: number): Operands {
  const random = new Seeded(inputs + 31 * outputs + 977 * count);
  const numbers = random.normal(inputs * outputs, 1);
  const rows = random.normal(inputs * count, 1);
  if (type === 'F32')
    return {
      type,
      inputs,
      weights: new Uint8Array(numbers.buffer),
      matrix: Float64Array.from(numbers),
      rows,
    };
  const [write, read] = type === 'F16' ? [toHalf, fromHalf] : [toBrainFloat, fromBrainFloat];
  const bits = Uint16Array.from(numbers, write);
  return { type, inputs, weights: new Uint8Array(bits.buffer), matrix: Float64Array.from(bits, read), rows };
}

function multiply({ type, inputs, weights, rows }: Operands, threads = 2): Float32Array {
  return addon.multiply({ type, inputs, weights, rows, threads });
}

function worstError({ inputs, matrix, rows }: Operands, actual: Float32Array): number {
  return worstProductError(matrix, rows, inputs, actual);
}

describe.each(['F32', 'F16', 'BF16'] as const)('multiplication by %s', (type) => {
  it.each([
    [8, 1, 1],
    [160, 16, 2],
    [448, 17, 3],
    [512, 40, 4],
    [2048, 15, 7],
    [1024, 130, 34],
  ])('of %i inputs and %i outputs with %i rows is that of plain floats', (inputs, outputs, count) => {
    const operands = randomOperands(type, inputs, outputs, count);
    for (const threads of [1, 2, 5])
      expect(worstError(operands, multiply(operands, threads))).toBeLessThan(isOurs ? BOUND : 1e-2);
  });

  it('gives a row the same numbers alone and among others', () => {
    if (!isOurs) return;
    const operands = randomOperands(type, 160, 33, 8);
    const together = multiply(operands);
    for (const count of [1, 2, 3, 5]) {
      for (let first = 0; first + count <= 8; first++) {
        const rows = operands.rows.slice(first * 160, (first + count) * 160);
        expect(multiply({ ...operands, rows })).toEqual(together.slice(first * 33, (first + count) * 33));
      }
    }
  });
});
