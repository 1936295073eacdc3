/**
 * Boxes as LLaVA-1.5 speaks of them: `[x1, y1, x2, y2]`, fractions of the padded square, two decimals.
 * Source: the training form of RefCOCO and Visual Genome rows; the square is that of `expand2square`.
 */

/** Left, top, right and bottom, in pixels of the upright picture or as fractions of the padded square. */
export type Box = readonly [x1: number, y1: number, x2: number, y2: number];

export interface PictureSize {
  readonly width: number;
  readonly height: number;
}

/** Pixels of the picture → fractions (0 to 1) of the square it is padded to. */
export function boxOnPaddedSquare(box: Box, picture: PictureSize): Box {
  const { side, left, top } = paddedSquare(picture);
  return [(box[0] + left) / side, (box[1] + top) / side, (box[2] + left) / side, (box[3] + top) / side];
}

/** Fractions of the padded square → whole pixels of the picture, clipped to it. */
export function boxOnPicture(box: Box, picture: PictureSize): Box {
  const { side, left, top } = paddedSquare(picture);
  const x = (fraction: number) => clip(Math.round(fraction * side) - left, picture.width);
  const y = (fraction: number) => clip(Math.round(fraction * side) - top, picture.height);
  return [x(box[0]), y(box[1]), x(box[2]), y(box[3])];
}

/** `[0.21, 0.92, 0.36, 1.0]`: two decimals, written as Python writes a float. */
export function formatBox(box: Box): string {
  return `[${box.map(formatFraction).join(', ')}]`;
}

/** The first four numbers of a text as a box, or undefined when it holds other than four or they are no box. */
export function parseBox(text: string): Box | undefined {
  const numbers = text.match(/-?\d+(?:\.\d+)?/g)?.map(Number) ?? [];
  const [x1, y1, x2, y2] = numbers;
  if (numbers.length !== 4 || x1 === undefined || y1 === undefined || x2 === undefined || y2 === undefined)
    return undefined;
  return x1 >= 0 && y1 >= 0 && x1 < x2 && y1 < y2 ? [x1, y1, x2, y2] : undefined;
}

/** Intersection over union of two boxes of the same unit: 0 apart, 1 the same. */
export function overlapOf(one: Box, other: Box): number {
  const width = Math.min(one[2], other[2]) - Math.max(one[0], other[0]);
  const height = Math.min(one[3], other[3]) - Math.max(one[1], other[1]);
  const shared = Math.max(0, width) * Math.max(0, height);
  return shared / (areaOf(one) + areaOf(other) - shared);
}

function areaOf([x1, y1, x2, y2]: Box): number {
  return (x2 - x1) * (y2 - y1);
}

function paddedSquare(picture: PictureSize): { side: number; left: number; top: number } {
  const side = Math.max(picture.width, picture.height);
  return { side, left: (side - picture.width) >> 1, top: (side - picture.height) >> 1 };
}

function clip(value: number, limit: number): number {
  return Math.min(Math.max(value, 0), limit);
}

function formatFraction(fraction: number): string {
  const rounded = Math.round(fraction * 100) / 100;
  return Number.isInteger(rounded) ? rounded.toFixed(1) : String(rounded);
}
