import { decodeBitmap, readBitmap, rowBytes, type Bitmap } from './bmp.js';
import { DecodeProblem, needBytes, wholeRaster, type Decoder, type Raster } from './decoder.js';

const DIRECTORY = 6;
const ENTRY = 16;
const PNG_SIGNATURE = 0x89504e47;

/** One of the pictures in an icon. */
interface Entry {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly width: number;
  readonly height: number;
  readonly bits: number;
  readonly isPng: boolean;
}

/** Icons and cursors: the largest picture in them, of several the one with most colours. */
export const icon: Decoder = {
  inspect: (bytes) => largestEntry(bytes),
  decode(bytes) {
    const { bytes: own, isPng } = largestEntry(bytes);
    return isPng ? { png: own.slice() } : decodeEntry(own);
  },
};

function largestEntry(bytes: Uint8Array<ArrayBuffer>): Entry {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const count = view.getUint16(4, true);
  const entries = Array.from({ length: count }, (_, index) => {
    const at = DIRECTORY + ENTRY * index;
    const [size, offset] = [view.getUint32(at + 8, true), view.getUint32(at + 12, true)];
    needBytes(bytes, offset + size);
    return readEntry(bytes.subarray(offset, offset + size));
  });
  const [largest] = entries.sort((a, b) => b.width * b.height - a.width * a.height || b.bits - a.bits);
  if (largest === undefined) throw new DecodeProblem('it holds no picture');
  return largest;
}

/** The directory cannot say sizes above 256, so the pictures are asked themselves. */
function readEntry(bytes: Uint8Array<ArrayBuffer>): Entry {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (view.getUint32(0) === PNG_SIGNATURE)
    return { bytes, width: view.getUint32(16), height: view.getUint32(20), bits: 32, isPng: true };
  const { width, height, bits } = bitmapOf(bytes);
  return { bytes, width, height, bits, isPng: false };
}

/** Its header counts the rows of the mask too. */
function bitmapOf(bytes: Uint8Array): Bitmap {
  const bitmap = readBitmap(bytes, 0);
  return { ...bitmap, height: bitmap.height >> 1 };
}

/** Alpha is in the pixels, or else in a mask of one bit behind them, where 1 is transparent. */
function decodeEntry(bytes: Uint8Array): Raster {
  const bitmap = bitmapOf(bytes);
  const { width, height, bits, end } = bitmap;
  if (bits === 32) {
    const inPixels = decodeBitmap(
      bytes,
      { ...bitmap, compression: 3, masks: [0xff0000, 0xff00, 0xff, 0xff000000] },
      end,
    );
    const [{ data } = { data: new Uint8Array() }] = inPixels.pieces;
    if (data.some((value, index) => index % 4 === 3 && value > 0)) return inPixels;
  }
  const [red, green, blue] = bitmap.masks;
  const opaque: Bitmap = { ...bitmap, masks: [red, green, blue, 0] };
  const [piece] = decodeBitmap(bytes, opaque, end).pieces;
  const maskAt = end + rowBytes(width, bits) * height;
  const stride = rowBytes(width, 1);
  const mask = bytes.subarray(maskAt, maskAt + stride * height);
  const data = new Uint8Array(width * height * 4);
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) {
      const pixel = y * width + x;
      const isClear = (mask[(height - 1 - y) * stride + (x >> 3)] ?? 0) & (0x80 >> (x & 7));
      for (let channel = 0; channel < 3; channel++)
        data[4 * pixel + channel] = piece?.data[3 * pixel + channel] ?? 0;
      data[4 * pixel + 3] = isClear === 0 ? 255 : 0;
    }
  return wholeRaster(width, height, 4, data);
}
