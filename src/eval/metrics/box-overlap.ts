/** Whole pixels, all four inside the box. */
export type PixelBox = readonly [left: number, top: number, right: number, bottom: number];

/** The box of an answer such as `{<40><12><160><216>}`, or undefined. Source: ColonINST's evaluator. */
export function parsePixelBox(text: string): PixelBox | undefined {
  const [left, top, right, bottom] = [...text.matchAll(/<\s*(\d+)\s*>/g)].map((match) => Number(match[1]));
  if (left === undefined || top === undefined || right === undefined || bottom === undefined)
    return undefined;
  return [left, top, right, bottom];
}

/** Intersection over union (0 to 1), both ends of a side counted as inside. Source: ColonINST's evaluator. */
export function boxOverlap(a: PixelBox, b: PixelBox): number {
  const width = Math.min(a[2], b[2]) - Math.max(a[0], b[0]) + 1;
  const height = Math.min(a[3], b[3]) - Math.max(a[1], b[1]) + 1;
  const shared = Math.max(0, width) * Math.max(0, height);
  return shared / (areaOf(a) + areaOf(b) - shared);
}

function areaOf([left, top, right, bottom]: PixelBox): number {
  return Math.max(0, right - left + 1) * Math.max(0, bottom - top + 1);
}
