import { beforeAll, describe, expect, it } from 'vitest';
import type { NativeAddon } from '../../src/engine/local/runtime/native-addon.js';
import { loadKernels } from '../helpers/load-kernels.js';
import { worstProductError } from '../reference/compare.js';
import { dequantise } from '../reference/dequantise.js';
import {
  randomOperands,
  type QuantisedOperands,
  type QuantisedType,
} from '../reference/quantised-operands.js';

/* Our kernels for quantised weights, on x86 with AVX2, against plain float64 on the same rounded activations. */

let addon: NativeAddon;
beforeAll(async () => {
  ({ addon } = await loadKernels());
});

/** 32 numbers at a time to multiples of a 127th of the largest. */
function roundBlocks(rows: Float32Array): Float64Array {
  const rounded = Float64Array.from(rows);
  for (let start = 0; start < rows.length; start += 32) {
    const block = rounded.subarray(start, start + 32);
    const most = Math.fround(block.reduce((all, value) => Math.max(all, Math.abs(value)), 0));
    const factor = Math.fround(127 / most);
    if (most > 0) block.set(block.map((value) => (roundToEven(Math.fround(value * factor)) * most) / 127));
  }
  return rounded;
}

function roundToEven(value: number): number {
  const down = Math.floor(value);
  if (value - down === 0.5) return down % 2 === 0 ? down : down + 1;
  return Math.round(value);
}

function worstError(
  { type, inputs, outputs, weights, rows }: QuantisedOperands,
  actual: Float32Array,
): number {
  return worstProductError(dequantise(type, weights, inputs * outputs), roundBlocks(rows), inputs, actual);
}

function multiply(operands: QuantisedOperands, threads = 2): Float32Array {
  return addon.multiply({ ...operands, threads });
}

const BOUND = 1e-6;

describe.each(['Q4_0', 'Q4_K', 'Q6_K'] as const)('multiplication by %s', (type) => {
  it.each([
    [256, 1, 1],
    [256, 16, 2],
    [512, 17, 3],
    [512, 40, 4],
    [2048, 15, 7],
    [1024, 130, 34],
  ])('of %i inputs and %i outputs with %i rows is that of plain floats', (inputs, outputs, count) => {
    const operands = randomOperands(type, inputs, outputs, count);
    for (const threads of [1, 2, 5])
      expect(worstError(operands, multiply(operands, threads))).toBeLessThan(BOUND);
  });

  it('gives a row the same numbers alone and among others', () => {
    const operands = randomOperands(type, 512, 33, 8);
    const together = multiply(operands);
    for (const count of [1, 2, 3]) {
      for (let first = 0; first + count <= 8; first++) {
        const rows = operands.rows.slice(first * 512, (first + count) * 512);
        expect(multiply({ ...operands, rows })).toEqual(together.slice(first * 33, (first + count) * 33));
      }
    }
  });

  it('of zeros is zero, and large numbers stay in their rows', () => {
    const operands = randomOperands(type, 256, 16, 4);
    operands.rows.fill(0, 256, 512).fill(1e30, 512, 768);
    const product = multiply(operands);
    expect(product.slice(16, 32)).toEqual(new Float32Array(16));
    expect(worstError(operands, product)).toBeLessThan(BOUND);
  });

  it('refuses what is no matrix, no row or no thread', () => {
    const operands = randomOperands(type, 256, 2, 1);
    const wrong: Partial<QuantisedOperands & { threads: number }>[] = [
      { inputs: 100 },
      { inputs: 0 },
      { weights: operands.weights.slice(1) },
      { weights: new Uint8Array() },
      { rows: new Float32Array(255) },
      { rows: new Float32Array() },
      { type: 'Q8_0' as QuantisedType },
      { threads: 0 },
    ];
    for (const change of wrong) {
      const call = () => addon.multiply({ ...operands, threads: 1, ...change });
      expect(call, JSON.stringify(change)).toThrow(expect.objectContaining({ code: 'INVALID_ARGUMENT' }));
    }
  });
});

describe('where the processor lacks AVX2', () => {
  it('ggml multiplies, and says so', () => {
    const hasKernels = addon.accelerateCpu();
    const operands = randomOperands('Q4_0', 256, 1, 1);
    if (hasKernels) expect(multiply(operands)).toHaveLength(1);
    else expect(() => multiply(operands)).toThrow('multiplied here');
  });
});
