/** Formats that sharp does not decode, each with a decoder of its own in this folder. */
export const ASIDE_FORMATS = ['heic', 'jxl', 'jp2', 'bmp', 'ico', 'netpbm', 'tga', 'qoi', 'pdf'] as const;
export type AsideFormat = (typeof ASIDE_FORMATS)[number];

/** What is known of a picture before its pixels are decoded; width and height in pixels, upright. */
export interface Header {
  readonly width: number;
  readonly height: number;
  /** Frames or pages in the file. Default: 1. */
  readonly frames?: number;
  /** Parts that can be decoded each by itself, at the same time. Default: 1. */
  readonly pieces?: number;
}

/** One of `count` shares of a picture's pieces, from 0. */
export interface Share {
  readonly index: number;
  readonly count: number;
}

/** A part of a picture, rows from the top, `channels` bytes a pixel. */
export interface Piece {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
  readonly data: Uint8Array<ArrayBuffer>;
}

/** Decoded pixels, RGB or RGBA with straight alpha. */
export interface Raster {
  readonly width: number;
  readonly height: number;
  readonly channels: 3 | 4;
  readonly pieces: readonly Piece[];
  /** The ICC profile that the numbers are in. */
  readonly profile?: Uint8Array<ArrayBuffer>;
}

/** What comes out of a decoder: pixels, or the same picture as a PNG. */
export type Decoded = Raster | { readonly png: Uint8Array<ArrayBuffer> };

/** Reads one format. Whatever is thrown means that the bytes cannot be decoded. */
export interface Decoder {
  /** @param index of the frame or page, from 0 */
  inspect(bytes: Uint8Array<ArrayBuffer>, index: number): Header | Promise<Header>;
  decode(bytes: Uint8Array<ArrayBuffer>, index: number, share: Share): Decoded | Promise<Decoded>;
}

/** Why bytes cannot be decoded, in words that users understand: `it …`. */
export class DecodeProblem extends Error {
  override readonly name = 'DecodeProblem';
}

/** A raster of one piece. */
export function wholeRaster(
  width: number,
  height: number,
  channels: 3 | 4,
  data: Uint8Array<ArrayBuffer>,
): Raster {
  return { width, height, channels, pieces: [{ left: 0, top: 0, width, height, data }] };
}

/** @throws DecodeProblem when fewer than `needed` bytes are there */
export function needBytes(bytes: Uint8Array, needed: number): void {
  if (bytes.length < needed)
    throw new DecodeProblem(`it is cut off: ${bytes.length} bytes of at least ${needed}`);
}
