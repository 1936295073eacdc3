import type { Canvas, RgbPicture } from './resample.js';

/** CLIP's mean colour in bytes, floored: what LLaVA-1.5 was trained to see around a picture. */
export const PAD_COLOUR = [122, 116, 104] as const;

/**
 * The smallest square around a picture, picture in the middle; where the rest is odd, the extra line of padding
 * is at the bottom or on the right. Square pictures are left as they are. Source: LLaVA, `expand2square`.
 */
export function padToSquare(picture: RgbPicture): Canvas {
  const side = Math.max(picture.width, picture.height);
  const left = (side - picture.width) >> 1;
  const top = (side - picture.height) >> 1;
  return { picture, left, top, width: side, height: side, colour: PAD_COLOUR };
}
