import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { bicubicKernel, resizeBicubic, type RgbPicture } from '../../src/llava/resample.js';
import { PAD_COLOUR, padToSquare } from '../../src/llava/pad-to-square.js';

interface Resampled {
  from: [number, number];
  to: [number, number];
  /** The first half of it. */
  sha256: string;
}

const PILLOW = JSON.parse(
  readFileSync(new URL('../fixtures/pictures/resample.json', import.meta.url), 'utf8'),
) as Resampled[];

/** The same noise as in make_pillow_references.py. */
function noise(width: number, height: number): RgbPicture {
  const rgb = Uint8Array.from(
    { length: width * height * 3 },
    (_, i) => (Math.imul(i, 2654435761) >>> 13) & 255,
  );
  return { rgb, width, height };
}

function resize(picture: RgbPicture, width: number, height: number): Uint8Array {
  const { width: from, height: rows } = picture;
  const canvas = { picture, left: 0, top: 0, width: from, height: rows, colour: PAD_COLOUR };
  return resizeBicubic(canvas, width, height);
}

describe('resizeBicubic', () => {
  test.each(PILLOW)('gives the bytes of Pillow: $from to $to', ({ from, to, sha256 }) => {
    const resized = resize(noise(...from), ...to);
    expect(createHash('sha256').update(resized).digest('hex')).toMatch(new RegExp(`^${sha256}`));
  });

  test('leaves a picture of the right size alone', () => {
    const picture = noise(30, 20);
    expect(resize(picture, 30, 20)).toEqual(picture.rgb);
  });

  test('counts a sheet in as if it had been painted around the picture', () => {
    const picture = noise(41, 17);
    const [left, top, width, height] = [5, 11, 60, 33];
    const painted = new Uint8Array(width * height * 3);
    for (let i = 0; i < painted.length; i++) painted[i] = PAD_COLOUR[i % 3]!;
    for (let y = 0; y < picture.height; y++) {
      const row = picture.rgb.subarray(y * picture.width * 3, (y + 1) * picture.width * 3);
      painted.set(row, ((y + top) * width + left) * 3);
    }
    const canvas = { picture, left, top, width, height, colour: PAD_COLOUR };
    for (const [toWidth, toHeight] of [
      [24, 24],
      [60, 33],
      [100, 90],
    ] as const) {
      expect(resizeBicubic(canvas, toWidth, toHeight)).toEqual(
        resize({ rgb: painted, width, height }, toWidth, toHeight),
      );
    }
  });

  test('keeps a picture of one colour that colour, whatever the size', () => {
    const rgb = Uint8Array.from({ length: 50 * 3 * 3 }, (_, i) => [255, 0, 127][i % 3]!);
    for (const size of [1, 2, 13, 49, 50, 51, 333]) {
      const resized = resize({ rgb, width: 50, height: 3 }, size, 7);
      expect(resized.every((value, i) => value === [255, 0, 127][i % 3])).toBe(true);
    }
  });
});

describe('bicubicKernel', () => {
  test.each([
    [4000, 336],
    [336, 336],
    [100, 336],
    [1, 9],
    [65_535, 14],
  ])('from %i to %i: weights add up to one and read inside the line', (from, to) => {
    const { first, count, weights, stride } = bicubicKernel(from, to);
    for (let i = 0; i < to; i++) {
      const row = weights.subarray(i * stride, i * stride + count[i]!);
      expect(first[i]).toBeGreaterThanOrEqual(0);
      expect(first[i]! + count[i]!).toBeLessThanOrEqual(from);
      const sum = row.reduce((total, weight) => total + weight, 0);
      expect(Math.abs(sum / 2 ** 22 - 1)).toBeLessThan(count[i]! * 2 ** -23);
    }
  });
});

describe('padToSquare', () => {
  test.each([
    [10, 7, { left: 0, top: 1, width: 10, height: 10 }],
    [7, 10, { left: 1, top: 0, width: 10, height: 10 }],
    [10, 4, { left: 0, top: 3, width: 10, height: 10 }],
    [6, 6, { left: 0, top: 0, width: 6, height: 6 }],
  ])('%i×%i: the picture is in the middle, an odd line below or on the right', (width, height, place) => {
    expect(padToSquare(noise(width, height))).toMatchObject({ ...place, colour: [122, 116, 104] });
  });
});
