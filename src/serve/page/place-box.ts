import type { PictureSize } from '../../llava/box.js';
import type { Rectangle } from '../../llava/box-in-file.js';

/** Percentages of a shown picture's width and height, as CSS writes them. */
export interface BoxPlace {
  readonly left: string;
  readonly top: string;
  readonly width: string;
  readonly height: string;
}

/**
 * Where a box lies on a picture that is shown in any size.
 * @param rectangle pixels of the upright picture, which is how browsers show it
 */
export function placeBox({ x, y, width, height }: Rectangle, picture: PictureSize): BoxPlace {
  const share = (part: number, whole: number) => `${(part / whole) * 100}%`;
  return {
    left: share(x, picture.width),
    top: share(y, picture.height),
    width: share(width, picture.width),
    height: share(height, picture.height),
  };
}
