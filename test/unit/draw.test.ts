import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { overlapOf } from '../../src/llava/box.js';
import { decodePicture } from '../../src/llava/decode-picture.js';
import { drawBoxes } from '../../src/llava/draw-boxes.js';
import { openPicture } from '../../src/llava/picture.js';
import { pictureSheet } from '../../src/llava/picture-sheet.js';
import { temporaryFolder } from '../helpers/temporary-folder.js';

const folder = temporaryFolder();
const plain = (width: number, height: number, background: string) =>
  sharp({ create: { width, height, channels: 3, background } });

async function pixelsOf(png: Uint8Array) {
  const { data, info } = await sharp(png).raw().toBuffer({ resolveWithObject: true });
  const at = (x: number, y: number) => [
    ...data.subarray((y * info.width + x) * info.channels).subarray(0, 3),
  ];
  return { ...info, at };
}

const decoded = async (bytes: Uint8Array) =>
  decodePicture(await openPicture({ kind: 'bytes', label: 'test', bytes }));

describe('drawBoxes', () => {
  it('draws on the sides of the box and leaves the rest as it was', async () => {
    const picture = await decoded(await plain(200, 100, '#123456').png().toBuffer());
    const { width, height, at } = await pixelsOf(
      await drawBoxes(picture, [{ box: [40, 20, 120, 80], role: 'answer' }]),
    );
    expect([width, height]).toEqual([200, 100]);
    for (const [x, y] of [
      [80, 20],
      [80, 80],
      [40, 50],
      [120, 50],
    ] as const)
      expect(at(x, y)).toEqual([255, 45, 32]);
    for (const [x, y] of [
      [80, 50],
      [10, 10],
      [190, 90],
    ] as const)
      expect(at(x, y)).toEqual([0x12, 0x34, 0x56]);
  });

  it('knows the upright picture, and drawings that are decoded larger than they say', async () => {
    const turned = await plain(60, 120, 'white').jpeg().withMetadata({ orientation: 6 }).toBuffer();
    const photo = await pixelsOf(
      await drawBoxes(await decoded(turned), [{ box: [0, 0, 120, 60], role: 'given' }]),
    );
    expect([photo.width, photo.height]).toEqual([120, 60]);
    const svg = Buffer.from(
      '<svg xmlns="http://www.w3.org/2000/svg" width="64" height="64"><rect width="64" height="64" fill="white"/></svg>',
    );
    const drawing = await pixelsOf(
      await drawBoxes(await decoded(svg), [{ box: [16, 16, 48, 48], role: 'answer' }]),
    );
    expect(drawing.width).toBe(1024);
    expect(drawing.at(256, 512)).toEqual([255, 45, 32]);
  });
});

it('puts pictures on one sheet, a number above each', async () => {
  const paths = await Promise.all(
    [
      ['#ff0000', 40, 30],
      ['#00ff00', 20, 30],
      ['#0000ff', 40, 10],
    ].map(async ([colour, width, height], index) => {
      const path = join(folder, `${index}.png`);
      writeFileSync(path, await plain(Number(width), Number(height), String(colour)).png().toBuffer());
      return path;
    }),
  );
  const { width, height, at } = await pixelsOf(
    await pictureSheet(
      paths.map((path) => ({ kind: 'file', path }) as const),
      { exif: false },
    ),
  );
  // Two columns of 40 + 20, two rows of 30 + 30.
  expect([width, height]).toEqual([120, 120]);
  expect(at(30, 45)).toEqual([255, 0, 0]);
  expect(at(90, 45)).toEqual([0, 255, 0]);
  expect(at(30, 100)).toEqual([0, 0, 255]);
  expect(at(100, 100)).toEqual([255, 255, 255]);
  const isInk = (x: number) =>
    Array.from({ length: 12 }, (_, y) => at(x, y + 8)[0]!).some((red) => red < 128);
  expect(Array.from({ length: 12 }, (_, x) => x + 28).some(isInk)).toBe(true);
});

it('measures how much two boxes share', () => {
  expect(overlapOf([0, 0, 2, 2], [0, 0, 2, 2])).toBe(1);
  expect(overlapOf([0, 0, 2, 2], [1, 0, 3, 2])).toBeCloseTo(1 / 3, 12);
  expect(overlapOf([0, 0, 1, 1], [2, 2, 3, 3])).toBe(0);
});
