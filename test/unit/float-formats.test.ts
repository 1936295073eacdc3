import { describe, expect, it } from 'vitest';
import { convertNumbers, readFloats } from '../../src/convert/float-formats.js';
import { fromBrainFloat, fromHalf, toBrainFloat, toHalf } from '../reference/half.js';
import { Seeded } from '../reference/seeded.js';

const ALL_HALVES = Uint16Array.from({ length: 0x10000 }, (_, bits) => bits);

function bytesOf(array: Uint16Array | Float32Array): Uint8Array {
  return new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
}

/** Small and large, at the borders of both formats, and random bits. */
function floats(): Float32Array {
  const bits = new Seeded(25);
  const random = Uint32Array.from({ length: 200_000 }, () => Math.floor(bits.next() * 2 ** 32));
  const borders = [
    0,
    -0,
    65504,
    65519.996,
    65520,
    65536,
    -65520,
    2 ** -14,
    2 ** -24,
    2 ** -25,
    1.5 * 2 ** -25,
    Infinity,
  ];
  const all = new Float32Array([...new Float32Array(random.buffer), ...borders]);
  return all.filter((value) => !Number.isNaN(value));
}

describe('numbers of checkpoints', () => {
  it('are widened exactly', () => {
    const halves = readFloats(bytesOf(ALL_HALVES), 'F16');
    const brains = readFloats(bytesOf(ALL_HALVES), 'BF16');
    for (const bits of ALL_HALVES) {
      if (!Object.is(halves[bits], fromHalf(bits)) || !Object.is(brains[bits], fromBrainFloat(bits)))
        expect([bits, halves[bits], brains[bits]]).toEqual([bits, fromHalf(bits), fromBrainFloat(bits)]);
    }
  });

  it.each([
    ['f16', toHalf],
    ['bf16', toBrainFloat],
  ] as const)('are rounded to the nearest %s, ties to even', (format, round) => {
    const values = floats();
    const rounded = new Uint16Array(convertNumbers(bytesOf(values), 'F32', format).buffer);
    const wrong = [...values].findIndex((value, index) => rounded[index] !== round(value));
    expect(wrong === -1 ? undefined : [values[wrong], rounded[wrong], round(values[wrong]!)]).toBeUndefined();
  });

  it('go from one 16-bit format to the other as if through float32', () => {
    const ofBrains = new Uint16Array(convertNumbers(bytesOf(ALL_HALVES), 'BF16', 'f16').buffer);
    const ofHalves = new Uint16Array(convertNumbers(bytesOf(ALL_HALVES), 'F16', 'bf16').buffer);
    for (const bits of ALL_HALVES) {
      if (!Number.isNaN(fromBrainFloat(bits))) expect(ofBrains[bits]).toBe(toHalf(fromBrainFloat(bits)));
      if (!Number.isNaN(fromHalf(bits))) expect(ofHalves[bits]).toBe(toBrainFloat(fromHalf(bits)));
    }
  });

  it('are read wherever they lie', () => {
    const unaligned = new Uint8Array(9);
    new DataView(unaligned.buffer).setFloat32(1, 1.5, true);
    new DataView(unaligned.buffer).setFloat32(5, -2, true);
    expect([...readFloats(unaligned.subarray(1), 'F32')]).toEqual([1.5, -2]);
    const doubles = new Uint8Array(new Float64Array([0.1, 3]).buffer);
    expect([...readFloats(doubles, 'F64')]).toEqual([Math.fround(0.1), 3]);
  });
});
