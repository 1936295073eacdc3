import { BYTES_OF, type NumberType } from '../checkpoints/checkpoint-tensor.js';
import type { FloatFormat } from './gguf/planned-file.js';

/**
 * Numbers of a checkpoint in a format of GGUF, each rounded to the nearest, ties to even, as numpy and gguf-py do.
 * @param bytes little-endian, whole numbers of them
 */
export function convertNumbers(bytes: Uint8Array, from: NumberType, to: FloatFormat): Uint8Array {
  if (from.toLowerCase() === to) return bytes;
  if (from === 'BF16' && to === 'f16')
    return throughTable(bytes, (bf16ToF16 ??= makeTable(floatOfBf16, f16Of)));
  if (from === 'F16' && to === 'bf16')
    return throughTable(bytes, (f16ToBf16 ??= makeTable(floatOfF16, bf16Of)));
  const floats = readFloats(bytes, from);
  if (to === 'f32') return new Uint8Array(floats.buffer, floats.byteOffset, floats.byteLength);
  return narrow(floats, to === 'f16' ? f16Of : bf16Of);
}

/** Numbers of a checkpoint as float32. */
export function readFloats(bytes: Uint8Array, from: NumberType): Float32Array {
  const count = bytes.byteLength / BYTES_OF[from];
  const own = alignedCopy(bytes, BYTES_OF[from]);
  switch (from) {
    case 'F32':
      return new Float32Array(own.buffer, own.byteOffset, count);
    case 'BF16':
      return widened(new Uint16Array(own.buffer, own.byteOffset, count), floatBitsOfBf16);
    case 'F16':
      return widened(new Uint16Array(own.buffer, own.byteOffset, count), floatBitsOfF16());
    case 'F64':
      return Float32Array.from(new Float64Array(own.buffer, own.byteOffset, count));
    case 'I64':
      return Float32Array.from(new BigInt64Array(own.buffer, own.byteOffset, count), Number);
    case 'I32':
      return Float32Array.from(new Int32Array(own.buffer, own.byteOffset, count));
    case 'I16':
      return Float32Array.from(new Int16Array(own.buffer, own.byteOffset, count));
    case 'I8':
      return Float32Array.from(new Int8Array(own.buffer, own.byteOffset, count));
    case 'U8':
    case 'BOOL':
      return Float32Array.from(own);
  }
}

const scratch = new Float32Array(1);
const scratchBits = new Uint32Array(scratch.buffer);

/** The half-precision number nearest to a float32, both as their bits. */
function f16Of(bits: number): number {
  const sign = (bits >>> 16) & 0x8000;
  const magnitude = bits & 0x7fffffff;
  if (magnitude > 0x7f800000) return sign | Math.max(0x7c01, 0x7c00 | ((magnitude >>> 13) & 0x3ff));
  if (magnitude >= 0x47800000) return sign | 0x7c00;
  if (magnitude >= 0x38800000)
    return sign | ((magnitude - 0x38000000 + 0xfff + ((magnitude >>> 13) & 1)) >>> 13);
  // Beside 0.5, a float32 has the steps of half-precision's smallest numbers: adding rounds.
  scratchBits[0] = magnitude;
  scratch[0] = (scratch[0] ?? 0) + 0.5;
  return sign | (scratchBits[0] - 0x3f000000);
}

/** The brain float nearest to a float32, both as their bits; what is no number stays none. */
function bf16Of(bits: number): number {
  if ((bits & 0x7fffffff) > 0x7f800000) return (bits >>> 16) | 0x40;
  return ((bits >>> 0) + 0x7fff + ((bits >>> 16) & 1)) / 0x10000;
}

function floatBitsOfBf16(bits: number): number {
  return bits << 16;
}

function floatOfBf16(bits: number): number {
  return (bits << 16) >>> 0;
}

function floatOfF16(bits: number): number {
  const sign = (bits & 0x8000) * 0x10000;
  const exponent = (bits >>> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0x1f) return sign + 0x7f800000 + fraction * 0x2000;
  if (exponent > 0) return sign + (exponent + 112) * 0x800000 + fraction * 0x2000;
  scratch[0] = fraction * 2 ** -24;
  return sign + (scratchBits[0] ?? 0);
}

let bf16ToF16: Uint16Array | undefined;
let f16ToBf16: Uint16Array | undefined;
let f16ToFloat: Uint32Array | undefined;

function makeTable(widen: (bits: number) => number, round: (bits: number) => number): Uint16Array {
  return Uint16Array.from({ length: 0x10000 }, (_, bits) => round(widen(bits)));
}

function floatBitsOfF16(): (bits: number) => number {
  const table = (f16ToFloat ??= Uint32Array.from({ length: 0x10000 }, (_, bits) => floatOfF16(bits)));
  return (bits) => table[bits] ?? 0;
}

function throughTable(bytes: Uint8Array, table: Uint16Array): Uint8Array {
  const own = alignedCopy(bytes, 2);
  const source = new Uint16Array(own.buffer, own.byteOffset, own.byteLength / 2);
  const target = new Uint16Array(source.length);
  for (let i = 0; i < source.length; i++) target[i] = table[source[i] ?? 0] ?? 0;
  return new Uint8Array(target.buffer);
}

function widened(source: Uint16Array, widen: (bits: number) => number): Float32Array {
  const target = new Uint32Array(source.length);
  for (let i = 0; i < source.length; i++) target[i] = widen(source[i] ?? 0);
  return new Float32Array(target.buffer);
}

function narrow(floats: Float32Array, round: (bits: number) => number): Uint8Array {
  const source = new Uint32Array(floats.buffer, floats.byteOffset, floats.length);
  const target = new Uint16Array(source.length);
  for (let i = 0; i < source.length; i++) target[i] = round(source[i] ?? 0);
  return new Uint8Array(target.buffer);
}

/** The same bytes where numbers of that size can be read. */
function alignedCopy(bytes: Uint8Array, size: number): Uint8Array {
  return bytes.byteOffset % size === 0 ? bytes : Uint8Array.from(bytes);
}
