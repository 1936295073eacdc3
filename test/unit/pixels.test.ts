import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import sharp from 'sharp';
import { describe, expect, test } from 'vitest';
import { loadPixels, type Pixels } from '../../src/llava/pixels.js';

interface Case {
  name: string;
  file: string;
  size: number;
  lossless: boolean;
  exif?: boolean;
}

const FOLDER = fileURLToPath(new URL('../fixtures/pictures/', import.meta.url));
const CASES = JSON.parse(readFileSync(`${FOLDER}cases.json`, 'utf8')) as Case[];

function load({ file, size, exif }: Omit<Case, 'name' | 'lossless'>): Promise<Pixels> {
  const source = { kind: 'file', path: FOLDER + file } as const;
  return loadPixels(source, { imageSize: size, ...(exif === undefined ? {} : { exif }) });
}

/** What Pillow made of the same file; read back without anything that could change a byte. */
async function expected(name: string): Promise<Uint8Array> {
  return await sharp(`${FOLDER}expected/${name}.png`, { ignoreIcc: true }).raw().toBuffer();
}

function compare(actual: Uint8Array, wanted: Uint8Array): { mean: number; largest: number } {
  expect(actual.length).toBe(wanted.length);
  let sum = 0;
  let largest = 0;
  for (const [i, value] of actual.entries()) {
    const distance = Math.abs(value - wanted[i]!);
    sum += distance;
    largest = Math.max(largest, distance);
  }
  return { mean: sum / actual.length, largest };
}

describe('loadPixels, against Pillow', () => {
  test.each(CASES.filter((one) => one.lossless))('$name: the same bytes', async ({ name, ...how }) => {
    const { rgb } = await load(how);
    expect(compare(rgb, await expected(name))).toEqual({ mean: 0, largest: 0 });
  });

  test.each(CASES.filter((one) => !one.lossless))('$name: at most 1 level off', async ({ name, ...how }) => {
    const { rgb } = await load(how);
    expect(compare(rgb, await expected(name)).mean).toBeLessThanOrEqual(1);
  });
});
