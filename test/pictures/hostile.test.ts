import { execFile } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { projectFile } from '../helpers/run-llava.js';
import { temporaryFolder } from '../helpers/temporary-folder.js';

const FOLDER = fileURLToPath(new URL('../fixtures/formats/', import.meta.url));
const scratch = temporaryFolder();

/** What bytes say of themselves, changed at a place. */
interface Lie {
  readonly name: string;
  readonly bytes: Uint8Array;
}

function fixture(file: string): Buffer {
  return readFileSync(join(FOLDER, file));
}

function lie(file: string, what: string, change: (bytes: Buffer) => Buffer | undefined): Lie {
  const bytes = fixture(file);
  return { name: `${what} of ${file}`, bytes: change(bytes) ?? bytes };
}

/** Where `text` begins. */
function at(bytes: Buffer, text: string): number {
  return bytes.indexOf(text, 0, 'latin1');
}

const CUT = [
  ...[
    'pillow-24.bmp',
    'magick-rle8.bmp',
    'pillow-bmp.ico',
    'pillow-png.ico',
    'pillow-24.tga',
    'pillow-runs.tga',
  ],
  ...[
    'pillow.ppm',
    'magick-text.pgm',
    'magick-rgba.pam',
    'ffmpeg-rgba.qoi',
    'cjxl-lossless.jxl',
    'cjxl-lossy.jxl',
  ],
  ...['opj-lossless.jp2', 'opj-stream.j2k', 'heif-enc-420.heic', 'grid-turned-6.heic'],
];

const LIES: readonly Lie[] = [
  ...CUT.map((file) => lie(file, 'half', (bytes) => bytes.subarray(0, bytes.length / 2))),
  lie('pillow-24.bmp', 'a bomb', (bytes) => {
    bytes.writeInt32LE(60_000, 18);
    bytes.writeInt32LE(60_000, 22);
    return undefined;
  }),
  lie('magick-rle8.bmp', 'a bomb in runs', (bytes) => {
    bytes.writeInt32LE(9999, 18);
    bytes.writeInt32LE(9999, 22);
    return undefined;
  }),
  lie('pillow-24.bmp', 'no height', (bytes) => {
    bytes.writeInt32LE(0, 22);
    return undefined;
  }),
  lie('pillow-bmp.ico', 'a place far away', (bytes) => {
    bytes.writeUInt32LE(0xfffffff0, 18);
    return undefined;
  }),
  lie('pillow-bmp.ico', 'many entries', (bytes) => {
    bytes.writeUInt16LE(65_535, 4);
    return undefined;
  }),
  lie('pillow-24.tga', 'a bomb', (bytes) => {
    bytes.writeUInt16LE(65_535, 12);
    bytes.writeUInt16LE(65_535, 14);
    return undefined;
  }),
  lie('pillow-map.tga', 'colours that are not there', (bytes) => bytes.fill(255, bytes.length - 800)),
  { name: 'a bomb of ppm', bytes: Buffer.from('P6 99999 99999 255\n') },
  { name: 'no numbers of ppm', bytes: Buffer.from('P3 4 4 255\n# endless comment') },
  { name: 'numbers beyond all bounds of ppm', bytes: Buffer.from(`P3 ${'9'.repeat(4000)} 4 255\n1 2 3`) },
  lie('ffmpeg-rgba.qoi', 'a bomb', (bytes) => {
    bytes.writeUInt32BE(0xffff, 4);
    bytes.writeUInt32BE(0xffff, 8);
    return undefined;
  }),
  lie('opj-lossless.jp2', 'a bomb', (bytes) => {
    const sizes = bytes.indexOf(Buffer.from([0xff, 0x4f, 0xff, 0x51]));
    bytes.writeUInt32BE(9000, sizes + 8);
    bytes.writeUInt32BE(9000, sizes + 12);
    return undefined;
  }),
  lie('heif-enc-420.heic', 'a bomb', (bytes) => {
    bytes.writeUInt32BE(60_000, at(bytes, 'ispe') + 8);
    bytes.writeUInt32BE(60_000, at(bytes, 'ispe') + 12);
    return undefined;
  }),
  lie('grid-turned-1.heic', 'a grid larger than its tiles', (bytes) => {
    bytes.writeUInt16BE(9000, at(bytes, 'idat') + 8);
    bytes.writeUInt16BE(9000, at(bytes, 'idat') + 10);
    return undefined;
  }),
  lie('grid-turned-1.heic', 'a grid of itself', (bytes) => {
    // Every tile that the grid names is the grid: its number follows the references.
    const references = at(bytes, 'dimg');
    const grid = bytes.readUInt16BE(references + 4);
    for (let i = 0; i < bytes.readUInt16BE(references + 6); i++)
      bytes.writeUInt16BE(grid, references + 8 + 2 * i);
    return undefined;
  }),
  lie('cairo.pdf', 'half', (bytes) => bytes.subarray(0, 40)),
  { name: 'a loop of pages of pdf', bytes: loopOfPages() },
  { name: 'a function that calls itself of pdf', bytes: endlessDrawing() },
];

/** A tree of pages whose child is itself. */
function loopOfPages(): Buffer {
  const tree = '%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n';
  const node = '2 0 obj<</Type/Pages/Count 9/Kids[2 0 R]>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF';
  return Buffer.from(tree + node);
}

/** A drawing that draws itself twice, each time. */
function endlessDrawing(): Buffer {
  const objects = [
    '<</Type/Catalog/Pages 2 0 R>>',
    '<</Type/Pages/Count 1/Kids[3 0 R]>>',
    '<</Type/Page/Parent 2 0 R/MediaBox[0 0 1e9 1e-9]/Contents 4 0 R/Resources<</XObject<</X 4 0 R>>>>>>',
    '<</Type/XObject/Subtype/Form/BBox[0 0 9 9]/Resources<</XObject<</X 4 0 R>>>>/Length 11>>stream\n/X Do /X Do\nendstream',
  ];
  const body = objects.map((object, index) => `${index + 1} 0 obj${object}endobj\n`).join('');
  return Buffer.from(`%PDF-1.4\n${body}trailer<</Root 1 0 R>>\n%%EOF`);
}

interface Outcome {
  readonly name: string;
  readonly message: string;
  readonly kind: string;
  readonly ms: number;
  /** The same without what other programs did meanwhile. */
  readonly cpuMs: number;
}

test('files that lie are errors, within ten seconds and a gigabyte', async () => {
  const paths = LIES.map(({ bytes }, index) => {
    const path = join(scratch, `${index}.bin`);
    writeFileSync(path, bytes);
    return path;
  });
  const child = projectFile('test/pictures/decode-child.mjs');
  const { stdout } = await promisify(execFile)(process.execPath, [child, ...paths], { maxBuffer: 1e7 });
  const { outcomes, peakBytes } = JSON.parse(stdout) as {
    outcomes: Omit<Outcome, 'name'>[];
    peakBytes: number;
  };
  const told = outcomes.map((outcome, index) => ({ ...outcome, name: LIES[index]!.name }));
  expect(told.filter(({ kind }) => kind !== 'input')).toEqual([]);
  expect(told.filter(({ message }) => /wasm|undefined|NaN|Error|\n/.test(message))).toEqual([]);
  const longest = told.map(({ name, ms, cpuMs }) => ({ name, ms: Math.min(ms, cpuMs) }));
  expect(longest.filter(({ ms }) => ms >= 10_000)).toEqual([]);
  expect(peakBytes).toBeLessThan(1e9);
}, 240_000);
