import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { loadBackend, type Backend } from '../../src/engine/local/runtime/backend.js';
import { VisionTower } from '../../src/engine/local/loading/vision-tower.js';
import { loadPixels } from '../../src/llava/pixels.js';
import { imageFeatures } from '../reference/clip-tower.js';
import { relativeError } from '../reference/compare.js';
import { readGguf } from '../reference/gguf-reader.js';
import { pixelFaults, squarePixels, type Picture } from '../reference/pixels.js';
import { writeRandomVision } from '../reference/random-pair.js';
import type { VisionOptions } from '../reference/random-vision.js';
import { Seeded } from '../reference/seeded.js';
import { towerFaults, type TowerFault } from '../reference/tower-faults.js';

// Loading a backend takes seconds where other work keeps the machine busy.
vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

/** What the tool's features may differ from the reference, and what every mistake must at least cost. */
const BOUND = 2e-3;
const SEEN = 10 * BOUND;

/** A stored block and norm that must not be used, so that using them can be told. */
const plain: VisionOptions = { blocks: 3, featureLayer: 2, postLayerNorm: true };
/** The GELUs differ where values are around −3: these weights put them there. */
const gelu: VisionOptions = { activationBias: -3 };

let backend: Backend;
beforeAll(async () => {
  backend = await loadBackend({ device: 'cpu', threads: 1 });
});
afterAll(async () => {
  await backend[Symbol.asyncDispose]();
});

describe('a mistake in the vision tower would be seen', () => {
  const folder = mkdtempSync(join(tmpdir(), 'llava-faults-'));
  const pixels = new Seeded(0).bytes(56 * 56 * 3);
  const files = {
    plain: readGguf(writeRandomVision(join(folder, 'plain'), plain)),
    gelu: readGguf(writeRandomVision(join(folder, 'gelu'), gelu)),
  };
  const tool: { plain: Float32Array; gelu: Float32Array } = {
    plain: new Float32Array(),
    gelu: new Float32Array(),
  };

  beforeAll(async () => {
    tool.plain = await toolFeatures(join(folder, 'plain/mmproj.gguf'), pixels);
    tool.gelu = await toolFeatures(join(folder, 'gelu/mmproj.gguf'), pixels);
  });
  afterAll(() => {
    rmSync(folder, { recursive: true });
  });

  it.each(['plain', 'gelu'] as const)(
    'none made: the tool agrees with the reference (%s weights)',
    (weights) => {
      expect(relativeError(tool[weights], imageFeatures(files[weights], pixels))).toBeLessThan(BOUND);
    },
  );

  it.each(towerFaults)('%s', (fault: TowerFault) => {
    const weights = fault.includes('gelu') ? 'gelu' : 'plain';
    expect(relativeError(tool[weights], imageFeatures(files[weights], pixels, fault))).toBeGreaterThan(SEEN);
  });
});

describe.each([
  { name: 'wide, shrunk', width: 91, height: 60 },
  { name: 'tall, shrunk', width: 64, height: 97 },
  { name: 'small, enlarged', width: 41, height: 30 },
])('a mistake in the pixels would be seen: $name', ({ width, height }) => {
  const folder = mkdtempSync(join(tmpdir(), 'llava-faults-'));
  const picture: Picture = { width, height, data: new Seeded(3).bytes(width * height * 3) };
  const file = readGguf(writeRandomVision(folder));
  let tool = new Float32Array();
  // Where nothing shrinks, widening the filter makes no difference.
  const faults = pixelFaults.filter((fault) => fault !== 'no-antialias' || Math.max(width, height) > 56);

  beforeAll(async () => {
    const raw = { width, height, channels: 3 } as const;
    const bytes = await sharp(picture.data, { raw }).png().toBuffer();
    const { rgb } = await loadPixels({ kind: 'bytes', label: 'noise.png', bytes }, { imageSize: 56 });
    tool = Float32Array.from(await toolFeatures(join(folder, 'mmproj.gguf'), rgb));
  });
  afterAll(() => {
    rmSync(folder, { recursive: true });
  });

  it('none made: the tool agrees with the reference', () => {
    expect(relativeError(tool, imageFeatures(file, squarePixels(picture, 56)))).toBeLessThan(BOUND);
  });

  it.each(faults)('%s', (fault) => {
    expect(relativeError(tool, imageFeatures(file, squarePixels(picture, 56, fault)))).toBeGreaterThan(SEEN);
  });
});

/** The tool's features of pixels of 56². */
async function toolFeatures(mmproj: string, rgb: Uint8Array): Promise<Float32Array> {
  await using tower = await VisionTower.open(mmproj, backend);
  return (await tower.encode({ size: tower.imageSize, rgb })).values;
}
