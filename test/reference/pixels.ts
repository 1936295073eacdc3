/** A decoded picture: RGB bytes row by row. */
export interface Picture {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8Array;
}

/** The classical mistakes between a picture and its pixels; the reference can make each of them. */
export const pixelFaults = [
  'padding-at-bottom-right', // the picture put into the corner instead of the middle
  'black-padding',
  'centre-crop', // CLIP's own way: the sides are lost
  'stretched', // no regard to the aspect
  'bilinear',
  'no-antialias', // a filter that is not widened when shrinking, as OpenCV and browsers sample
  'sharper-cubic', // a = -0.75, as OpenCV's bicubic
  'blue-first',
] as const;

export type PixelFault = (typeof pixelFaults)[number];

const padding = [0.48145466, 0.4578275, 0.40821073].map((mean) => Math.floor(mean * 255));

/**
 * size² RGB bytes as LLaVA-1.5 prepares them: centred on a square of CLIP's mean colour (LLaVA's
 * expand2square), then Pillow's bicubic resize: separable, a = −0.5, widened when shrinking, rows first,
 * bytes between the passes. Plain floats, so a byte may differ by one from Pillow's fixed point.
 */
export function squarePixels(picture: Picture, size: number, fault?: PixelFault): Uint8Array {
  const square = toSquare(fault === 'blue-first' ? swapChannels(picture) : picture, fault);
  const across = resizeRows(square, size, fault);
  return turned(resizeRows(turned(across), size, fault)).data;
}

function toSquare(picture: Picture, fault?: PixelFault): Picture {
  const { width, height } = picture;
  if (fault === 'stretched') {
    return picture;
  }
  const side = fault === 'centre-crop' ? Math.min(width, height) : Math.max(width, height);
  const cornered = fault === 'padding-at-bottom-right';
  const left = cornered ? 0 : Math.floor((side - width) / 2);
  const top = cornered ? 0 : Math.floor((side - height) / 2);
  const fill =
    fault === 'black-padding' ? [0, 0, 0] : fault === 'blue-first' ? [...padding].reverse() : padding;
  return paint(side, side, (x, y, channel) => {
    const [column, row] = [x - left, y - top];
    const inside = column >= 0 && column < width && row >= 0 && row < height;
    return inside ? picture.data[(row * width + column) * 3 + channel]! : fill[channel]!;
  });
}

/** Every row to `size` pixels; the height stays. */
function resizeRows(picture: Picture, size: number, fault?: PixelFault): Picture {
  const { width, height, data } = picture;
  const shares = Array.from({ length: size }, (_, x) => windowAt(x, width, size, fault));
  return paint(size, height, (x, y, channel) => {
    const { start, weights } = shares[x]!;
    const sum = weights.reduce(
      (total, weight, i) => total + weight * data[(y * width + start + i) * 3 + channel]!,
      0,
    );
    return Math.min(255, Math.max(0, Math.round(sum)));
  });
}

/** Which source pixels make up target pixel `x`, and their shares. */
function windowAt(
  x: number,
  from: number,
  to: number,
  fault?: PixelFault,
): { start: number; weights: number[] } {
  const scale = from / to;
  const stretch = fault === 'no-antialias' ? 1 : Math.max(scale, 1);
  const reach = (fault === 'bilinear' ? 1 : 2) * stretch;
  const kernel = fault === 'bilinear' ? triangle : fault === 'sharper-cubic' ? cubic(-0.75) : cubic(-0.5);
  const centre = (x + 0.5) * scale;
  const start = Math.max(0, Math.floor(centre - reach + 0.5));
  const end = Math.min(from, Math.floor(centre + reach + 0.5));
  const raw = Array.from({ length: end - start }, (_, i) => kernel((start + i + 0.5 - centre) / stretch));
  const sum = raw.reduce((a, b) => a + b);
  return { start, weights: raw.map((weight) => weight / sum) };
}

/** Keys's cubic convolution kernel (1981). */
function cubic(a: number): (x: number) => number {
  return (x) => {
    const t = Math.abs(x);
    if (t < 1) {
      return (a + 2) * t ** 3 - (a + 3) * t ** 2 + 1;
    }
    return t < 2 ? a * (t ** 3 - 5 * t ** 2 + 8 * t - 4) : 0;
  };
}

function triangle(x: number): number {
  return Math.max(0, 1 - Math.abs(x));
}

function turned({ width, height, data }: Picture): Picture {
  return paint(height, width, (x, y, channel) => data[(x * width + y) * 3 + channel]!);
}

function swapChannels({ width, height, data }: Picture): Picture {
  return paint(width, height, (x, y, channel) => data[(y * width + x) * 3 + 2 - channel]!);
}

function paint(
  width: number,
  height: number,
  at: (x: number, y: number, channel: number) => number,
): Picture {
  const data = new Uint8Array(width * height * 3);
  for (let i = 0; i < data.length; i++) {
    const pixel = Math.floor(i / 3);
    data[i] = at(pixel % width, Math.floor(pixel / width), i % 3);
  }
  return { width, height, data };
}
