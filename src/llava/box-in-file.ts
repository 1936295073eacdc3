import type { Box, PictureSize } from './box.js';

/** Left, top, width and height, in whole pixels. */
export interface Rectangle {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** The upright picture's size, and how the file's pixels were turned for it. */
export interface TurnedPicture extends PictureSize {
  /** EXIF's number, 1 to 8, of the turn that was made; 1 or nothing when there was none. */
  readonly orientation?: number | undefined;
}

/** A box by its size. */
export function rectangleOf([x1, y1, x2, y2]: Box): Rectangle {
  return { x: x1, y: y1, width: x2 - x1, height: y2 - y1 };
}

/**
 * A box on the upright picture → the same part of the file's own pixels, the EXIF turn undone: what a tool needs that cuts
 * it out without looking at EXIF.
 * @param box pixels of the upright picture
 */
export function boxInFile(box: Box, picture: TurnedPicture): Rectangle {
  const [x1, y1, x2, y2] = box;
  const [a, b] = [turnBack(x1, y1, picture), turnBack(x2, y2, picture)];
  return {
    x: Math.min(a.x, b.x),
    y: Math.min(a.y, b.y),
    width: Math.abs(a.x - b.x),
    height: Math.abs(a.y - b.y),
  };
}

/** Source: the EXIF standard's table of orientations, which row and column of the file are the upright picture's first. */
function turnBack(
  x: number,
  y: number,
  { width, height, orientation = 1 }: TurnedPicture,
): { readonly x: number; readonly y: number } {
  switch (orientation) {
    case 2:
      return { x: width - x, y };
    case 3:
      return { x: width - x, y: height - y };
    case 4:
      return { x, y: height - y };
    case 5:
      return { x: y, y: x };
    case 6:
      return { x: y, y: width - x };
    case 7:
      return { x: height - y, y: width - x };
    case 8:
      return { x: height - y, y: x };
    default:
      return { x, y };
  }
}
