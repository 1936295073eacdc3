import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import sharp from 'sharp';
import { describe, expect, test } from 'vitest';
import { decodePicture, type DecodedPicture } from '../../src/llava/decode-picture.js';
import { openPicture, type PictureWishes } from '../../src/llava/picture.js';
import type { PictureSource } from '../../src/llava/picture-bytes.js';

const FOLDER = fileURLToPath(new URL('../fixtures/formats/', import.meta.url));

interface Case {
  readonly file: string;
  /** What made it, and what decoded it to what is expected. */
  readonly by: string;
  readonly reference: string;
  readonly expected: string;
  readonly within: number;
  readonly frame?: number;
  readonly page?: number;
  readonly colourManaged?: boolean;
}

const cases = JSON.parse(readFileSync(`${FOLDER}cases.json`, 'utf8')) as Case[];

function sourceOf({ file, frame, page }: Case): PictureSource {
  const path = `${FOLDER}${file}`;
  if (frame !== undefined) return { kind: 'file', path, part: { unit: 'frame', at: frame } };
  return { kind: 'file', path, part: page === undefined ? undefined : { unit: 'page', at: page } };
}

async function decode(source: PictureSource, wishes: PictureWishes = {}): Promise<DecodedPicture> {
  return await decodePicture(await openPicture(source, wishes));
}

test('at least 60 files by many encoders', () => {
  expect(new Set(cases.map(({ file }) => file)).size).toBeGreaterThanOrEqual(60);
  expect(new Set(cases.map(({ by }) => by)).size).toBeGreaterThanOrEqual(10);
});

describe('pixels of independent decoders', () => {
  test.each(cases)('$file $frame$page by $by, as $reference has it', async (row) => {
    const decoded = await decode(sourceOf(row), { colourManaged: row.colourManaged === true });
    const { data, info } = await sharp(`${FOLDER}expected/${row.expected}.png`)
      .toColourspace('srgb')
      .removeAlpha()
      .raw()
      .toBuffer({ resolveWithObject: true });
    expect([decoded.width, decoded.height]).toEqual([info.width, info.height]);
    expect([decoded.info.width, decoded.info.height]).toEqual([info.width, info.height]);
    expect(largestDifference(decoded.rgb, data)).toBeLessThanOrEqual(row.within);
  });
});

function largestDifference(one: Uint8Array, other: Uint8Array): number {
  expect(one.length).toBe(other.length);
  return one.reduce((most, value, index) => Math.max(most, Math.abs(value - other[index]!)), 0);
}
