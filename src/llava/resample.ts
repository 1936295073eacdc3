/** Rows of interleaved RGB bytes from the top, `width · height · 3` of them. */
export interface RgbPicture {
  readonly rgb: Uint8Array;
  readonly width: number;
  readonly height: number;
}

/** A picture lying on a larger sheet of one colour, `left` and `top` pixels from its corner. */
export interface Canvas {
  readonly picture: RgbPicture;
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
  readonly colour: readonly [red: number, green: number, blue: number];
}

/** For each of `to` output positions: the first input position it reads, how many, and their weights. */
export interface Kernel {
  readonly first: Int32Array;
  readonly count: Int32Array;
  /** `to` rows of `stride` weights in units of 2⁻²²; a row adds up to 1 but for rounding. */
  readonly weights: Int32Array;
  readonly stride: number;
}

/** Two bits of head room for the overshoot of negative lobes, eight for the byte. */
const FRACTION_BITS = 32 - 8 - 2;
const HALF = 1 << (FRACTION_BITS - 1);

/** Half width, in pixels, of the cubic below. */
const CUBIC_SUPPORT = 2;

/** Keys' cubic convolution with a = −0.5 (Catmull-Rom). */
function cubic(distance: number): number {
  const a = -0.5;
  const x = Math.abs(distance);
  if (x < 1) return ((a + 2) * x - (a + 3)) * x * x + 1;
  if (x < 2) return (((x - 5) * x + 8) * x - 4) * a;
  return 0;
}

/**
 * The weights that turn a line of `from` pixels into one of `to`. When shrinking, the cubic is stretched over
 * all pixels that fall together. Floating point until the last step, then rounded half away from zero.
 * Source: Pillow, `precompute_coeffs` and `normalize_coeffs_8bpc` of its ImagingResample.
 */
export function bicubicKernel(from: number, to: number): Kernel {
  const scale = from / to;
  const stretch = Math.max(scale, 1);
  const support = CUBIC_SUPPORT * stretch;
  const stride = Math.ceil(support) * 2 + 1;
  const first = new Int32Array(to);
  const count = new Int32Array(to);
  const weights = new Int32Array(to * stride);
  const row = new Float64Array(stride);
  for (let position = 0; position < to; position++) {
    const center = (position + 0.5) * scale;
    const start = Math.max(Math.trunc(center - support + 0.5), 0);
    const length = Math.min(Math.trunc(center + support + 0.5), from) - start;
    let sum = 0;
    for (let i = 0; i < length; i++) {
      const weight = cubic((i + start - center + 0.5) * (1 / stretch));
      row[i] = weight;
      sum += weight;
    }
    for (let i = 0; i < length; i++) {
      const weight = ((row[i] ?? 0) / sum) * 2 ** FRACTION_BITS;
      weights[position * stride + i] = Math.trunc(weight + (weight < 0 ? -0.5 : 0.5));
    }
    first[position] = start;
    count[position] = length;
  }
  return { first, count, weights, stride };
}

/**
 * `canvas` resized to `width × height` as interleaved RGB bytes; squares are equal to what Pillow's
 * `resize(…, BICUBIC)` gives for them (others too, unless Pillow finds it cheaper to begin with the columns). Lines first, columns second, rounded and clipped to bytes after each; integers from end to end,
 * hence the same on every machine. The sheet around the picture is counted in, but never laid out in memory.
 */
export function resizeBicubic(canvas: Canvas, width: number, height: number): Uint8Array {
  const narrowed = resizeLines(canvas, bicubicKernel(canvas.width, width), width);
  return resizeColumns(canvas, narrowed, bicubicKernel(canvas.height, height), width, height);
}

/** First pass, over the picture's own rows: `[picture.height, width, 3]` bytes. */
function resizeLines({ picture, left, width, colour }: Canvas, kernel: Kernel, to: number): Uint8Array {
  const { first, count, weights, stride } = kernel;
  const out = new Uint8Array(picture.height * to * 3);
  const line = new Uint8Array(width * 3);
  for (let i = 0; i < line.length; i++) line[i] = colour[i % 3] ?? 0;
  let target = 0;
  for (let y = 0; y < picture.height; y++) {
    line.set(picture.rgb.subarray(y * picture.width * 3, (y + 1) * picture.width * 3), left * 3);
    for (let x = 0; x < to; x++) {
      let red = HALF;
      let green = HALF;
      let blue = HALF;
      let source = (first[x] ?? 0) * 3;
      const start = x * stride;
      const end = start + (count[x] ?? 0);
      for (let tap = start; tap < end; tap++) {
        const weight = weights[tap] ?? 0;
        red += Math.imul(weight, line[source] ?? 0);
        green += Math.imul(weight, line[source + 1] ?? 0);
        blue += Math.imul(weight, line[source + 2] ?? 0);
        source += 3;
      }
      out[target] = clip(red);
      out[target + 1] = clip(green);
      out[target + 2] = clip(blue);
      target += 3;
    }
  }
  return out;
}

/** Second pass: the rows that are not the picture's are all of the sheet's colour, so only their weight matters. */
function resizeColumns(
  { picture, top, colour }: Canvas,
  rows: Uint8Array,
  kernel: Kernel,
  width: number,
  height: number,
): Uint8Array {
  const { first, count, weights, stride } = kernel;
  const out = new Uint8Array(height * width * 3);
  const sums = new Int32Array(width * 3);
  for (let y = 0; y < height; y++) {
    sums.fill(HALF);
    let sheet = 0;
    for (let i = 0; i < (count[y] ?? 0); i++) {
      const weight = weights[y * stride + i] ?? 0;
      const row = (first[y] ?? 0) + i - top;
      if (row < 0 || row >= picture.height) sheet += weight;
      else addRow(sums, rows, row * width * 3, weight);
    }
    const target = y * width * 3;
    for (let i = 0; i < sums.length; i++) {
      out[target + i] = clip((sums[i] ?? 0) + Math.imul(sheet, colour[i % 3] ?? 0));
    }
  }
  return out;
}

function addRow(sums: Int32Array, rows: Uint8Array, start: number, weight: number): void {
  for (let i = 0; i < sums.length; i++) sums[i] = (sums[i] ?? 0) + Math.imul(weight, rows[start + i] ?? 0);
}

function clip(fixed: number): number {
  const value = fixed >> FRACTION_BITS;
  return value < 0 ? 0 : value > 255 ? 255 : value;
}
