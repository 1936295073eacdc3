import { blockLayout, byteLength, type TensorType } from './gguf-types.js';
import { fromHalf, toBrainFloat, toHalf } from './half.js';

type BlockWriter = (x: Float32Array, view: DataView, at: number) => void;

/** The types the reference can write. */
export type WritableType = Exclude<TensorType, 'Q6_K'>;

/** Float32 values as tensor data; plain rounding to the grid that each block's extremes span. */
export function quantise(type: WritableType, values: Float32Array): Uint8Array {
  const { values: width, bytes: step } = blockLayout[type];
  const out = new Uint8Array(byteLength(type, values.length));
  const view = new DataView(out.buffer);
  const write = writers[type];
  for (let block = 0; block * width < values.length; block++) {
    write(values.subarray(block * width, (block + 1) * width), view, block * step);
  }
  return out;
}

const writers: Readonly<Record<WritableType, BlockWriter>> = {
  F32: (x, view, at) => {
    view.setFloat32(at, x[0]!, true);
  },
  F16: (x, view, at) => {
    view.setUint16(at, toHalf(x[0]!), true);
  },
  BF16: (x, view, at) => {
    view.setUint16(at, toBrainFloat(x[0]!), true);
  },
  Q4_0(x, view, at) {
    const d = putHalf(view, at, furthest(x) / -8);
    putNibbles(view, at + 2, grid(x, d, -8, 15));
  },
  Q4_1(x, view, at) {
    const { least, most } = extremes(x);
    const d = putHalf(view, at, (most - least) / 15);
    const m = putHalf(view, at + 2, least);
    putNibbles(view, at + 4, grid(x, d, m / (d || 1), 15));
  },
  Q5_0(x, view, at) {
    const d = putHalf(view, at, furthest(x) / -16);
    putFiveBits(view, at + 2, grid(x, d, -16, 31));
  },
  Q5_1(x, view, at) {
    const { least, most } = extremes(x);
    const d = putHalf(view, at, (most - least) / 31);
    const m = putHalf(view, at + 2, least);
    putFiveBits(view, at + 4, grid(x, d, m / (d || 1), 31));
  },
  Q8_0(x, view, at) {
    const d = putHalf(view, at, Math.abs(furthest(x)) / 127);
    grid(x, d, -128, 255).forEach((q, j) => {
      view.setInt8(at + 2 + j, q - 128);
    });
  },
  Q4_K(x, view, at) {
    const groups = Array.from({ length: 8 }, (_, g) => x.subarray(32 * g, 32 * (g + 1)));
    const ranges = groups.map((group) => {
      const { least, most } = extremes(group);
      return { minimum: Math.max(0, -least), scale: (most - Math.min(0, least)) / 15 };
    });
    const d = putHalf(view, at, Math.max(...ranges.map(({ scale }) => scale)) / 63);
    const least = putHalf(view, at + 2, Math.max(...ranges.map(({ minimum }) => minimum)) / 63);
    const pairs = ranges.map(({ scale, minimum }): [number, number] => [
      sixBits(scale, d),
      sixBits(minimum, least),
    ]);
    putSixBitPairs(view, at + 4, pairs);
    for (let g = 0; g < 8; g += 2) {
      const [low, high] = [g, g + 1].map((group) => {
        const [scale, minimum] = pairs[group]!;
        const step = d * scale;
        return grid(groups[group]!, step, step === 0 ? 0 : (-least * minimum) / step, 15);
      });
      low!.forEach((q, j) => {
        view.setUint8(at + 16 + 16 * g + j, q | (high![j]! << 4));
      });
    }
  },
};

/** Steps of a value on a scale's own grid. */
function sixBits(value: number, step: number): number {
  return step === 0 ? 0 : Math.min(63, Math.max(0, Math.round(value / step)));
}

/** Scales and minima of eight groups in twelve bytes; upper bits of the last four lie over the first four. */
function putSixBitPairs(view: DataView, at: number, pairs: readonly (readonly [number, number])[]): void {
  for (let g = 0; g < 4; g++) {
    const [[scale, minimum], [laterScale, laterMinimum]] = [pairs[g]!, pairs[g + 4]!];
    view.setUint8(at + g, scale | ((laterScale >> 4) << 6));
    view.setUint8(at + 4 + g, minimum | ((laterMinimum >> 4) << 6));
    view.setUint8(at + 8 + g, (laterScale & 15) | ((laterMinimum & 15) << 4));
  }
}

/** Each value's step on the grid d·(q + first), q from 0 to `last`. */
function grid(x: Float32Array, d: number, first: number, last: number): number[] {
  return Array.from(x, (value) => {
    const q = d === 0 ? -first : value / d - first;
    return Math.min(last, Math.max(0, Math.round(q)));
  });
}

/** Stores a binary16 and returns what a reader will see. */
function putHalf(view: DataView, at: number, value: number): number {
  view.setUint16(at, toHalf(value), true);
  return fromHalf(view.getUint16(at, true));
}

function putNibbles(view: DataView, at: number, q: readonly number[]): void {
  for (let j = 0; j < 16; j++) {
    view.setUint8(at + j, (q[j]! & 15) | ((q[j + 16]! & 15) << 4));
  }
}

function putFiveBits(view: DataView, at: number, q: readonly number[]): void {
  const high = q.reduce((word, value, j) => word | ((value >> 4) << j), 0);
  view.setUint32(at, high >>> 0, true);
  putNibbles(view, at + 4, q);
}

/** The value furthest from zero, with its sign. */
function furthest(x: Float32Array): number {
  return x.reduce((best, value) => (Math.abs(value) > Math.abs(best) ? value : best), 0);
}

function extremes(x: Float32Array): { least: number; most: number } {
  return { least: x.reduce((a, b) => Math.min(a, b)), most: x.reduce((a, b) => Math.max(a, b)) };
}
