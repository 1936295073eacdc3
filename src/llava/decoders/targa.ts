import { DecodeProblem, needBytes, wholeRaster, type Decoder, type Raster } from './decoder.js';

const HEADER = 18;
/** A byte says at most this many pixels of a run. */
const LONGEST_RUN = 128;

const INDEXED = 1;
const COLOURS = 2;
const GREY = 3;

interface TargaHeader {
  readonly width: number;
  readonly height: number;
  /** {@link INDEXED}, {@link COLOURS} or {@link GREY}. */
  readonly kind: number;
  readonly isRuns: boolean;
  readonly bits: number;
  readonly alphaBits: number;
  /** The first row is the top one; the first pixel the left one. */
  readonly isFromTop: boolean;
  readonly isFromLeft: boolean;
  readonly mapFirst: number;
  readonly mapLength: number;
  readonly mapBits: number;
  readonly mapAt: number;
  readonly pixelsAt: number;
}

/** Truevision's TGA, versions 1 and 2, in runs or not. Source: Truevision TGA File Format Specification 2.0. */
export const targa: Decoder = { inspect: readHeader, decode: (bytes) => decode(bytes) };

/** Whether bytes can be a TGA file, which has no signature: every field of its header has a possible value. */
export function looksLikeTarga(bytes: Uint8Array): boolean {
  if (bytes.length <= HEADER) return false;
  try {
    const { kind, bits, mapLength, mapBits, width, height } = readHeader(bytes, false);
    const hasMap = bytes[1] === 1;
    const bitsFit = (kind === GREY ? [8, 16] : kind === INDEXED ? [8, 16] : [15, 16, 24, 32]).includes(bits);
    const mapFits = hasMap
      ? mapLength > 0 && [15, 16, 24, 32].includes(mapBits)
      : kind !== INDEXED && mapLength === 0;
    return bitsFit && mapFits && width > 0 && height > 0 && ((bytes[17] ?? 0) & 0xc0) === 0;
  } catch {
    return false;
  }
}

function readHeader(bytes: Uint8Array, isWhole: unknown = true): TargaHeader {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const type = view.getUint8(2);
  const kind = type & 7;
  if (![1, 2, 3, 9, 10, 11].includes(type) || view.getUint8(1) > 1)
    throw new DecodeProblem(`it is of type ${type}`);
  const descriptor = view.getUint8(17);
  const mapBits = view.getUint8(7);
  const mapLength = view.getUint16(5, true);
  const mapAt = HEADER + view.getUint8(0);
  const header = {
    width: view.getUint16(12, true),
    height: view.getUint16(14, true),
    kind,
    isRuns: type > 8,
    bits: view.getUint8(16),
    alphaBits: descriptor & 15,
    isFromTop: (descriptor & 0x20) !== 0,
    isFromLeft: (descriptor & 0x10) === 0,
    mapFirst: view.getUint16(3, true),
    mapLength,
    mapBits,
    mapAt,
    pixelsAt: mapAt + mapLength * Math.ceil(mapBits / 8),
  };
  const { width, height, bits, isRuns, pixelsAt } = header;
  const step = Math.ceil(bits / 8);
  const least = isRuns ? Math.ceil((width * height) / LONGEST_RUN) * (step + 1) : width * height * step;
  if (isWhole !== false) needBytes(bytes, pixelsAt + least);
  return header;
}

function decode(bytes: Uint8Array): Raster {
  const header = readHeader(bytes);
  const { width, height, isRuns, pixelsAt, isFromTop, isFromLeft, bits } = header;
  const step = Math.ceil(bits / 8);
  const pixels = isRuns ? unpackRuns(bytes, header, step) : bytes.subarray(pixelsAt);
  const readPixel = pixelReader(bytes, header);
  const data = new Uint8Array(width * height * 4);
  for (let y = 0, from = 0; y < height; y++) {
    const row = isFromTop ? y : height - 1 - y;
    for (let x = 0; x < width; x++, from += step)
      readPixel(pixels, from, data, (row * width + (isFromLeft ? x : width - 1 - x)) * 4);
  }
  return wholeRaster(width, height, 4, data);
}

function unpackRuns(bytes: Uint8Array, { width, height, pixelsAt }: TargaHeader, step: number): Uint8Array {
  const pixels = new Uint8Array(width * height * step);
  let at = pixelsAt;
  for (let to = 0; to < pixels.length;) {
    needBytes(bytes, at + 1 + step);
    const tag = bytes[at++] ?? 0;
    const length = Math.min(((tag & 0x7f) + 1) * step, pixels.length - to);
    if (tag < 0x80) {
      needBytes(bytes, at + length);
      pixels.set(bytes.subarray(at, at + length), to);
      at += length;
    } else {
      for (let i = 0; i < length; i++) pixels[to + i] = bytes[at + (i % step)] ?? 0;
      at += step;
    }
    to += length;
  }
  return pixels;
}

type PixelReader = (from: Uint8Array, at: number, to: Uint8Array, place: number) => void;

function pixelReader(bytes: Uint8Array, header: TargaHeader): PixelReader {
  const { kind, bits, alphaBits, mapFirst, mapLength, mapBits, mapAt } = header;
  if (kind === COLOURS) return colourReader(bits, alphaBits > 0);
  if (kind === GREY)
    return (from, at, to, place) => {
      to.fill(from[at] ?? 0, place, place + 3);
      to[place + 3] = bits === 16 ? (from[at + 1] ?? 0) : 255;
    };
  if (kind !== INDEXED || mapBits < 15) throw new DecodeProblem('it has no colours');
  const readColour = colourReader(mapBits, mapBits === 32);
  return (from, at, to, place) => {
    const index = (from[at] ?? 0) + (bits === 16 ? (from[at + 1] ?? 0) * 256 : 0) - mapFirst;
    if (index < 0 || index >= mapLength) throw new DecodeProblem(`it has no colour ${index + mapFirst}`);
    readColour(bytes, mapAt + index * Math.ceil(mapBits / 8), to, place);
  };
}

/** Blue first; of 16 bits the highest is no colour. */
function colourReader(bits: number, hasAlpha: boolean): PixelReader {
  if (bits <= 16)
    return (from, at, to, place) => {
      const pixel = (from[at] ?? 0) | ((from[at + 1] ?? 0) << 8);
      for (let channel = 0; channel < 3; channel++)
        to[place + channel] = Math.floor((((pixel >> (10 - 5 * channel)) & 31) * 255) / 31);
      to[place + 3] = 255;
    };
  return (from, at, to, place) => {
    for (let channel = 0; channel < 3; channel++) to[place + channel] = from[at + 2 - channel] ?? 0;
    to[place + 3] = bits === 32 && hasAlpha ? (from[at + 3] ?? 0) : 255;
  };
}
