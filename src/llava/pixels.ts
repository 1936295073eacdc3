import { decodePicture, type DecodedPicture } from './decode-picture.js';
import { drawMarks } from './draw-marks.js';
import type { Mark } from './mark.js';
import { padToSquare } from './pad-to-square.js';
import { openPicture, type PictureInfo, type PictureOptions } from './picture.js';
import type { PictureSource } from './picture-bytes.js';
import { resizeBicubic } from './resample.js';

/** A square of pixels, as the vision tower takes it. */
export interface SquarePixels {
  /** Side of the square, in pixels. */
  readonly size: number;
  /** `size · size · 3` interleaved RGB bytes, rows from the top. */
  readonly rgb: Uint8Array;
}

/** A picture as the model sees it. */
export interface Pixels extends SquarePixels {
  /** The picture it was made of. */
  readonly picture: PictureInfo;
}

export interface PixelOptions extends PictureOptions {
  /** Side of the square that the vision tower takes: 336 for LLaVA-1.5. */
  readonly imageSize: number;
  /** Drawn on the picture before the model sees it. */
  readonly marks?: readonly Mark[];
}

/** Pads to a square, then resizes: in this order, and with this filter, LLaVA-1.5 was trained. */
export function toPixels(decoded: DecodedPicture, imageSize: number): Pixels {
  const rgb = resizeBicubic(padToSquare(decoded), imageSize, imageSize);
  return { size: imageSize, rgb, picture: decoded.info };
}

/**
 * The road from what the user gave to what the model sees.
 * @throws ExpectedError 'input' whenever the picture cannot be shown to the model whole.
 */
export async function loadPixels(source: PictureSource, options: PixelOptions): Promise<Pixels> {
  const decoded = await decodePicture(await openPicture(source, options));
  return toPixels(await drawMarks(decoded, options.marks ?? []), options.imageSize);
}
