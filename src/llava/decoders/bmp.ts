import { DecodeProblem, needBytes, wholeRaster, type Decoder, type Raster } from './decoder.js';

const FILE_HEADER = 14;
/** OS/2's first form of the header, with sizes of two bytes. */
const CORE_HEADER = 12;

const RGB = 0;
const RLE8 = 1;
const RLE4 = 2;
const BITFIELDS = 3;
const ALPHA_BITFIELDS = 6;

/** A device-independent bitmap: what a BMP holds behind its file header, and an icon by itself. */
export interface Bitmap {
  readonly width: number;
  readonly height: number;
  readonly bits: number;
  /** Rows from the bottom, as is usual. */
  readonly isUpsideDown: boolean;
  readonly compression: number;
  /** Red, green, blue of each colour. */
  readonly palette: Uint8Array;
  /** Red, green, blue and alpha in a pixel of 16 or 32 bits. */
  readonly masks: readonly [number, number, number, number];
  /** Behind header, masks and palette. */
  readonly end: number;
}

/** BMP of Windows and OS/2: 1 to 32 bits, masks, runs. Source: Microsoft, "Bitmap Storage". */
export const bmp: Decoder = {
  inspect: (bytes) => readBitmap(bytes, FILE_HEADER),
  decode(bytes) {
    const bitmap = readBitmap(bytes, FILE_HEADER);
    const start = new DataView(bytes.buffer, bytes.byteOffset).getUint32(10, true);
    return decodeBitmap(bytes, bitmap, start < bitmap.end && bitmap.bits > 8 ? bitmap.end : start);
  },
};

/** @throws DecodeProblem for what is no bitmap; RangeError when it is cut off */
export function readBitmap(bytes: Uint8Array, at: number): Bitmap {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const headerBytes = view.getUint32(at, true);
  const isCore = headerBytes === CORE_HEADER;
  if (!isCore && (headerBytes < 16 || headerBytes > 124))
    throw new DecodeProblem(`its header says ${headerBytes} bytes of itself`);
  const width = isCore ? view.getUint16(at + 4, true) : view.getInt32(at + 4, true);
  const signedHeight = isCore ? view.getUint16(at + 6, true) : view.getInt32(at + 8, true);
  const height = Math.abs(signedHeight);
  const bits = view.getUint16(at + (isCore ? 10 : 14), true);
  const compression = headerBytes >= 20 ? view.getUint32(at + 16, true) : RGB;
  if (width <= 0 || height === 0) throw new DecodeProblem(`it is ${width}×${signedHeight} pixels`);
  if (![1, 2, 4, 8, 16, 24, 32].includes(bits)) throw new DecodeProblem(`it has ${bits} bits per pixel`);
  checkCompression(compression, bits);
  const hasMasks = compression === BITFIELDS || compression === ALPHA_BITFIELDS;
  const maskCount = headerBytes >= 56 || compression === ALPHA_BITFIELDS ? 4 : 3;
  const masks = hasMasks ? readMasks(view, at + 40, maskCount) : bits === 16 ? MASKS_555 : MASKS_888;
  const paletteAt = at + headerBytes + (hasMasks && headerBytes === 40 ? 4 * maskCount : 0);
  const given = headerBytes >= 36 ? view.getUint32(at + 32, true) : 0;
  const colours = bits > 8 ? 0 : Math.min(given === 0 ? 2 ** bits : given, 2 ** bits);
  const palette = readPalette(bytes, paletteAt, colours, isCore ? 3 : 4);
  const end = paletteAt + colours * (isCore ? 3 : 4);
  return { width, height, bits, isUpsideDown: signedHeight > 0, compression, palette, masks, end };
}

const MASKS_555 = [0x7c00, 0x3e0, 0x1f, 0] as const;
const MASKS_888 = [0xff0000, 0xff00, 0xff, 0] as const;

function checkCompression(compression: number, bits: number): void {
  const isFine =
    compression === RGB ||
    (compression === RLE8 && bits === 8) ||
    (compression === RLE4 && bits === 4) ||
    ((compression === BITFIELDS || compression === ALPHA_BITFIELDS) && (bits === 16 || bits === 32));
  if (!isFine) throw new DecodeProblem(`it is compressed in way ${compression} with ${bits} bits per pixel`);
}

function readMasks(view: DataView, at: number, count: number): Bitmap['masks'] {
  const [red = 0, green = 0, blue = 0, alpha = 0] = Array.from({ length: count }, (_, index) =>
    view.getUint32(at + 4 * index, true),
  );
  return [red, green, blue, alpha];
}

function readPalette(bytes: Uint8Array, at: number, colours: number, entry: number): Uint8Array {
  needBytes(bytes, at + colours * entry);
  const palette = new Uint8Array(colours * 3);
  for (let i = 0; i < colours; i++)
    for (let channel = 0; channel < 3; channel++)
      palette[3 * i + channel] = bytes[at + entry * i + 2 - channel] ?? 0;
  return palette;
}

/**
 * The bitmap's pixels, RGBA where a mask says that there is alpha.
 * @param start of the pixels
 */
export function decodeBitmap(bytes: Uint8Array, bitmap: Bitmap, start: number): Raster {
  const { width, height, bits, compression, isUpsideDown } = bitmap;
  const isRuns = compression === RLE8 || compression === RLE4;
  const stride = isRuns ? width : rowBytes(width, bits);
  if (!isRuns) needBytes(bytes, start + stride * (height - 1) + Math.ceil((width * bits) / 8));
  const rows = isRuns ? readRuns(bytes, bitmap, start) : bytes.subarray(start);
  const channels = bitmap.masks[3] === 0 ? 3 : 4;
  const data = new Uint8Array(width * height * channels);
  const readRow = rowReader(bitmap, isRuns ? 8 : bits, channels);
  for (let y = 0; y < height; y++) {
    const from = y * stride;
    const to = (isUpsideDown ? height - 1 - y : y) * width * channels;
    readRow(rows.subarray(from, from + stride), data.subarray(to, to + width * channels));
  }
  return wholeRaster(width, height, channels, data);
}

/** Rows end at a multiple of four bytes. */
export function rowBytes(width: number, bits: number): number {
  return Math.ceil((width * bits) / 32) * 4;
}

type RowReader = (from: Uint8Array, to: Uint8Array) => void;

function rowReader(
  { width, palette, masks, compression }: Bitmap,
  bits: number,
  channels: number,
): RowReader {
  if (bits <= 8) return indexedReader(width, bits, palette);
  if (bits === 24 || (bits === 32 && compression === RGB)) {
    const step = bits / 8;
    return (from, to) => {
      for (let x = 0, f = 0, t = 0; x < width; x++, f += step, t += 3) {
        to[t] = from[f + 2] ?? 0;
        to[t + 1] = from[f + 1] ?? 0;
        to[t + 2] = from[f] ?? 0;
      }
    };
  }
  const step = bits / 8;
  const scales = masks.slice(0, channels).map(channelOf);
  return (from, to) => {
    for (let x = 0, f = 0, t = 0; x < width; x++, f += step) {
      const low = (from[f] ?? 0) | ((from[f + 1] ?? 0) << 8);
      const pixel = step === 2 ? low : (low | ((from[f + 2] ?? 0) << 16) | ((from[f + 3] ?? 0) << 24)) >>> 0;
      for (const scale of scales) to[t++] = scale(pixel);
    }
  };
}

function indexedReader(width: number, bits: number, palette: Uint8Array): RowReader {
  const perByte = 8 / bits;
  const mask = 2 ** bits - 1;
  return (from, to) => {
    for (let x = 0; x < width; x++) {
      const shift = 8 - bits * ((x % perByte) + 1);
      const index = ((from[Math.floor(x / perByte)] ?? 0) >> shift) & mask;
      for (let channel = 0; channel < 3; channel++) to[3 * x + channel] = palette[3 * index + channel] ?? 0;
    }
  };
}

/** The bits under a mask as a byte, rounded down as Pillow does. */
function channelOf(mask: number): (pixel: number) => number {
  if (mask === 0) return () => 0;
  const shift = 31 - Math.clz32(mask & -mask);
  const most = mask >>> shift;
  return (pixel) => Math.floor((((pixel & mask) >>> shift) * 255) / most);
}

/** Runs of one or two colours, bytes as they are, and jumps: one byte a pixel. */
function readRuns(bytes: Uint8Array, { width, height, compression }: Bitmap, start: number): Uint8Array {
  const pixels = new Uint8Array(width * height);
  const isFourBits = compression === RLE4;
  let at = start;
  let x = 0;
  let y = 0;
  const put = (colour: number) => {
    if (x < width && y < height) pixels[y * width + x] = colour;
    x++;
  };
  const nibble = (byte: number, index: number) => (index % 2 === 0 ? byte >> 4 : byte & 15);
  while (y < height) {
    needBytes(bytes, at + 2);
    const count = bytes[at++] ?? 0;
    const value = bytes[at++] ?? 0;
    if (count > 0) {
      for (let i = 0; i < count; i++) put(isFourBits ? nibble(value, i) : value);
    } else if (value === 0) {
      x = 0;
      y++;
    } else if (value === 1) {
      if (y < height - 1) throw new DecodeProblem(`it ends after ${y} of ${height} rows`);
      break;
    } else if (value === 2) {
      needBytes(bytes, at + 2);
      x += bytes[at++] ?? 0;
      y += bytes[at++] ?? 0;
    } else {
      const length = isFourBits ? Math.ceil(value / 2) : value;
      needBytes(bytes, at + length);
      for (let i = 0; i < value; i++)
        put(isFourBits ? nibble(bytes[at + (i >> 1)] ?? 0, i) : (bytes[at + i] ?? 0));
      at += length + (length % 2);
    }
  }
  return pixels;
}
