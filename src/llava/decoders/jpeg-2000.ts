import openjpeg, { type J2kDecoder } from '@cornerstonejs/codec-openjpeg/decodewasmjs';
import wasm from '@cornerstonejs/codec-openjpeg/decodewasm';
import { readWasm } from './load-wasm.js';
import { DecodeProblem, wholeRaster, type Decoder, type Raster } from './decoder.js';

/** The marker of the code stream's sizes, behind the one of its start. */
const START_AND_SIZES = Buffer.from([0xff, 0x4f, 0xff, 0x51]);
/** What OpenJPEG calls YCC. */
const YCC = 3;

/** JPEG 2000 by OpenJPEG, in a JP2 file or by itself. */
export const jpeg2000: Decoder = {
  inspect: readSizes,
  async decode(bytes) {
    const sizes = readSizes(bytes);
    using decoder = await open(bytes);
    decoder.own.decode();
    const { width, height } = decoder.own.getFrameInfo();
    // It tells of failures on its own stream alone.
    if (width !== sizes.width || height !== sizes.height) throw new DecodeProblem('damaged data');
    return toRaster(decoder.own);
  },
};

/** Sizes of the code stream. @throws DecodeProblem when its components differ in size */
function readSizes(bytes: Uint8Array): { width: number; height: number } {
  const start = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).indexOf(START_AND_SIZES);
  if (start === -1) throw new DecodeProblem('it is cut off');
  const view = new DataView(bytes.buffer, bytes.byteOffset + start, bytes.byteLength - start);
  const [right, bottom, left, top] = [
    view.getUint32(8),
    view.getUint32(12),
    view.getUint32(16),
    view.getUint32(20),
  ];
  const components = view.getUint16(40);
  if (components !== 1 && components !== 3)
    throw new DecodeProblem(`it holds ${components} numbers per pixel, and 1 or 3 can be decoded`);
  for (let i = 0; i < components; i++)
    if (view.getUint8(43 + 3 * i) !== 1 || view.getUint8(44 + 3 * i) !== 1)
      throw new DecodeProblem('its colours have fewer pixels than its brightness');
  return { width: right - left, height: bottom - top };
}

let loading: ReturnType<typeof openjpeg> | undefined;

async function open(bytes: Uint8Array): Promise<{ own: J2kDecoder } & Disposable> {
  const { J2KDecoder } = await (loading ??= readWasm(wasm).then((wasmBinary) => openjpeg({ wasmBinary })));
  const own = new J2KDecoder();
  own.getEncodedBuffer(bytes.length).set(bytes);
  return {
    own,
    [Symbol.dispose]: () => {
      own.delete();
    },
  };
}

function toRaster(decoder: J2kDecoder): Raster {
  const { width, height, bitsPerSample, componentCount, isSigned } = decoder.getFrameInfo();
  const decoded = decoder.getDecodedBuffer();
  const isWide = bitsPerSample > 8;
  const pixels = width * height;
  if (bitsPerSample > 16) throw new DecodeProblem(`it holds numbers of ${bitsPerSample} bits`);
  if (decoded.length < pixels * componentCount * (isWide ? 2 : 1)) throw new DecodeProblem('it is cut off');
  const view = new DataView(decoded.buffer, decoded.byteOffset, decoded.byteLength);
  const offset = isSigned ? 2 ** (bitsPerSample - 1) : 0;
  const sample = isWide
    ? (index: number) => (isSigned ? view.getInt16(2 * index, true) : view.getUint16(2 * index, true))
    : (index: number) => (isSigned ? view.getInt8(index) : view.getUint8(index));
  const byteOf = byteScale(bitsPerSample);
  const data = new Uint8Array(pixels * 3);
  for (let pixel = 0; pixel < pixels; pixel++)
    for (let channel = 0; channel < 3; channel++) {
      const from = componentCount === 1 ? pixel : 3 * pixel + channel;
      data[3 * pixel + channel] = byteOf(sample(from) + offset);
    }
  if (decoder.getColorSpace() === YCC && componentCount === 3) fromYcc(data);
  return wholeRaster(width, height, 3, data);
}

/** More than 8 bits keep their highest, as 16 bits do in other formats; fewer are spread. */
function byteScale(bits: number): (value: number) => number {
  if (bits >= 8) return (value) => value >> (bits - 8);
  return (value) => Math.round((value * 255) / (2 ** bits - 1));
}

/** In place. Source: ITU-T T.871, as JPEG has it. */
function fromYcc(data: Uint8Array): void {
  const clamped = new Uint8ClampedArray(3);
  for (let at = 0; at < data.length; at += 3) {
    const [y = 0, blue = 0, red = 0] = data.subarray(at, at + 3);
    const [cb, cr] = [blue - 128, red - 128];
    clamped.set([y + 1.402 * cr, y - 0.344136 * cb - 0.714136 * cr, y + 1.772 * cb]);
    data.set(clamped, at);
  }
}
