import { blockLayout, byteLength, type TensorType } from './gguf-types.js';
import { fromBrainFloat, fromHalf } from './half.js';

type BlockReader = (view: DataView, at: number, out: Float32Array, to: number) => void;

/**
 * Tensor data as float32. The formulas are those of the block structs in ggml-common.h: each block holds
 * a scale d (and for some types a minimum m) as binary16, and small integers q.
 */
export function dequantise(type: TensorType, bytes: Uint8Array, count: number): Float32Array {
  const { values, bytes: step } = blockLayout[type];
  const view = new DataView(bytes.buffer, bytes.byteOffset, byteLength(type, count));
  const out = new Float32Array(count);
  const read = readers[type];
  for (let block = 0; block * values < count; block++) {
    read(view, block * step, out, block * values);
  }
  return out;
}

const readers: Readonly<Record<TensorType, BlockReader>> = {
  F32: (view, at, out, to) => (out[to] = view.getFloat32(at, true)),
  F16: (view, at, out, to) => (out[to] = fromHalf(view.getUint16(at, true))),
  BF16: (view, at, out, to) => (out[to] = fromBrainFloat(view.getUint16(at, true))),
  Q4_0(view, at, out, to) {
    const d = fromHalf(view.getUint16(at, true));
    for (let j = 0; j < 16; j++) {
      const pair = view.getUint8(at + 2 + j);
      out[to + j] = ((pair & 15) - 8) * d;
      out[to + j + 16] = ((pair >> 4) - 8) * d;
    }
  },
  Q4_1(view, at, out, to) {
    const d = fromHalf(view.getUint16(at, true));
    const m = fromHalf(view.getUint16(at + 2, true));
    for (let j = 0; j < 16; j++) {
      const pair = view.getUint8(at + 4 + j);
      out[to + j] = (pair & 15) * d + m;
      out[to + j + 16] = (pair >> 4) * d + m;
    }
  },
  Q5_0(view, at, out, to) {
    const d = fromHalf(view.getUint16(at, true));
    fiveBits(view, at + 2, (j, q) => (out[to + j] = (q - 16) * d));
  },
  Q5_1(view, at, out, to) {
    const d = fromHalf(view.getUint16(at, true));
    const m = fromHalf(view.getUint16(at + 2, true));
    fiveBits(view, at + 4, (j, q) => (out[to + j] = q * d + m));
  },
  Q8_0(view, at, out, to) {
    const d = fromHalf(view.getUint16(at, true));
    for (let j = 0; j < 32; j++) {
      out[to + j] = view.getInt8(at + 2 + j) * d;
    }
  },
  Q4_K(view, at, out, to) {
    const d = fromHalf(view.getUint16(at, true));
    const least = fromHalf(view.getUint16(at + 2, true));
    for (let group = 0; group < 8; group++) {
      const [scale, minimum] = sixBitPair(view, at + 4, group);
      const nibbles = at + 16 + 32 * (group >> 1);
      for (let j = 0; j < 32; j++) {
        const q = (view.getUint8(nibbles + j) >> (4 * (group & 1))) & 15;
        out[to + 32 * group + j] = d * scale * q - least * minimum;
      }
    }
  },
  Q6_K(view, at, out, to) {
    const d = fromHalf(view.getUint16(at + 208, true));
    for (let i = 0; i < 256; i++) {
      const half = i >> 7;
      const quarter = (i & 127) >> 5;
      const j = i & 31;
      const low = view.getUint8(at + 64 * half + 32 * (quarter & 1) + j) >> (4 * (quarter >> 1));
      const high = view.getUint8(at + 128 + 32 * half + j) >> (2 * quarter);
      const q = ((low & 15) | ((high & 3) << 4)) - 32;
      out[to + i] = d * view.getInt8(at + 192 + (i >> 4)) * q;
    }
  },
};

/** Four low bits of two values a byte, their fifth bits together in one 32-bit word before them. */
function fiveBits(view: DataView, at: number, visit: (j: number, q: number) => void): void {
  const high = view.getUint32(at, true);
  for (let j = 0; j < 16; j++) {
    const pair = view.getUint8(at + 4 + j);
    visit(j, (pair & 15) | (((high >>> j) & 1) << 4));
    visit(j + 16, (pair >> 4) | (((high >>> (j + 16)) & 1) << 4));
  }
}

/** The 6-bit scale and minimum of one of the eight groups, packed into twelve bytes. */
function sixBitPair(view: DataView, at: number, group: number): [scale: number, minimum: number] {
  const byte = (index: number): number => view.getUint8(at + index);
  if (group < 4) {
    return [byte(group) & 63, byte(group + 4) & 63];
  }
  return [
    (byte(group + 4) & 15) | ((byte(group - 4) >> 6) << 4),
    (byte(group + 4) >> 4) | ((byte(group) >> 6) << 4),
  ];
}
