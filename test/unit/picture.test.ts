import { chmod, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { crc32 } from 'node:zlib';
import sharp from 'sharp';
import { describe, expect, test } from 'vitest';
import { decodePicture, type DecodedPicture } from '../../src/llava/decode-picture.js';
import { ExpectedError } from '../../src/llava/expected-error.js';
import { inspectPicture, openPicture, type PictureOptions } from '../../src/llava/picture.js';
import { loadPixels } from '../../src/llava/pixels.js';
import { temporaryFolder } from '../helpers/temporary-folder.js';

const NOBODY = 65_534;

const FOLDER = fileURLToPath(new URL('../fixtures/pictures/', import.meta.url));
const scratch = temporaryFolder();

async function write(name: string, bytes: Uint8Array | string): Promise<string> {
  await writeFile(join(scratch, name), bytes);
  return join(scratch, name);
}

/** The error that reading and decoding `what`, a path or bytes, ends in. */
async function failure(what: string | Uint8Array, options: PictureOptions = {}): Promise<ExpectedError> {
  const source = typeof what === 'string' ? { kind: 'file' as const, path: what } : fromBytes(what);
  const error = await loadPixels(source, { imageSize: 56, ...options }).catch((caught: unknown) => caught);
  expect(error).toBeInstanceOf(ExpectedError);
  const expectedError = error as ExpectedError;
  expect(expectedError.kind).toBe('input');
  expect(expectedError.hint).toBeTruthy();
  expect(`${expectedError.message}${expectedError.hint ?? ''}`).not.toContain('\n');
  return expectedError;
}

function fromBytes(bytes: Uint8Array) {
  return { kind: 'bytes' as const, label: 'stdin', bytes };
}

async function decode(bytes: Uint8Array): Promise<DecodedPicture> {
  return await decodePicture(await openPicture(fromBytes(bytes)));
}

/** A PNG that says it is `width × height` and holds no pixels at all. */
function pngHeader(width: number, height: number): Buffer {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([8, 2], 8);
  const chunk = (type: string, data: Buffer) => {
    const body = Buffer.concat([Buffer.from(type), data]);
    const ends = Buffer.alloc(8);
    ends.writeUInt32BE(data.length, 0);
    ends.writeUInt32BE(crc32(body), 4);
    return Buffer.concat([ends.subarray(0, 4), body, ends.subarray(4)]);
  };
  const signature = Buffer.from('\x89PNG\r\n\x1a\n', 'latin1');
  return Buffer.concat([
    signature,
    chunk('IHDR', header),
    chunk('IDAT', Buffer.alloc(8)),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}

describe('openPicture', () => {
  test('goes by content, not by name, and says the upright size', async () => {
    const path = await write('holiday.png', await readFile(`${FOLDER}orientation-6.jpg`));
    const source = { kind: 'file', path } as const;
    const upright = { label: path, format: 'jpeg', width: 64, height: 96, orientation: 6 };
    expect(await inspectPicture(source)).toEqual(upright);
    expect(await inspectPicture(source, { exif: false })).toMatchObject({ width: 96, height: 64 });
  });

  test.each([
    ['empty', ''],
    ['text', 'Dear diary,\ntoday'],
    ['a web page', '<!DOCTYPE html><title>404</title><svg></svg>'],
    ['HEIC', '\0\0\0\x18ftypheic\0\0\0\0mif1heic'],
    ['BMP', 'BM6\0\0\0\0\0\0\0\x36\0\0\0\x28\0\0\0'],
    ['GIF', 'GIF89a\x05'],
    ['SVG', '<svg xmlns="http://www.w3.org/2000/svg" width="5"'],
    ['a git-lfs pointer', 'version https://git-lfs.github.com/spec/v1\noid sha256:0'],
    ['not a picture of a known format', '\x01\x02\x03\x04\x05\x06'],
  ])('says so when a .jpg is %s', async (word, content) => {
    const path = await write('picture.jpg', Buffer.from(content, 'latin1'));
    const { message } = await failure(path);
    expect(message).toContain(`"${path}"`);
    expect(message).toContain(word);
  });

  test('quotes the beginning of a text', async () => {
    expect((await failure(Buffer.from('Dear diary,\ntoday'))).message).toBe(
      'Picture "stdin" is not a picture but text: "Dear diary,"',
    );
  });

  test('names missing files, folders and addresses', async () => {
    expect((await failure(join(scratch, 'nope.jpg'))).message).toMatch(/nope\.jpg" does not exist$/);
    expect((await failure(join(scratch, 'nope.jpg', 'x'))).message).toContain('does not exist');
    expect((await failure(scratch)).message).toContain('is a folder');
    expect((await failure('https://example.org/a.jpg')).hint).toContain('Download');
    expect((await failure('a\nb.jpg')).message).toContain('"a\\x0ab.jpg"');
    expect((await failure('a\0b.jpg')).message).toContain('not a possible file name');
  });

  test.skipIf(process.platform === 'win32')('names files one may not read', async () => {
    const path = await write('secret.jpg', 'x');
    await chmod(path, 0);
    // The superuser may read everything, so the test looks as nobody.
    const superuser = process.getuid?.() === 0;
    if (superuser) process.seteuid?.(NOBODY);
    try {
      expect((await failure(path)).message).toContain('permission denied');
    } finally {
      if (superuser) process.seteuid?.(0);
    }
  });

  test('refuses empty input', async () => {
    expect((await failure(new Uint8Array())).message).toBe('Picture "stdin" is empty');
  });

  test('caps bytes, of files and of streams without an end', async () => {
    const path = await write('large.jpg', Buffer.alloc(2001));
    expect((await failure(path, { maxBytes: 2000 })).message).toContain('more than');
    expect((await failure(Buffer.alloc(2001), { maxBytes: 2000 })).message).toContain('more than');
    if (process.platform !== 'win32') {
      expect((await failure('/dev/zero', { maxBytes: 5e6 })).message).toMatch(
        /is 5\.2 MB, more than the 5\.0 MB allowed/,
      );
    }
  });

  test('refuses a tiny file that would unfold to 900 million pixels at once', async () => {
    const start = performance.now();
    expect((await failure(pngHeader(30_000, 30_000))).message).toContain('30000×30000');
    expect(performance.now() - start).toBeLessThan(1000);
  });

  test('caps pixels and sides', async () => {
    const path = `${FOLDER}shape-200x150.png`;
    expect((await failure(path, { maxPixels: 29_999 })).message).toContain('200×150');
    await expect(
      loadPixels({ kind: 'file', path }, { imageSize: 8, maxPixels: 30_000 }),
    ).resolves.toBeDefined();
    expect((await failure(pngHeader(65_536, 2))).message).toContain('65535 on a side');
  });

  test('refuses measurements that are no colours', async () => {
    expect((await failure(`${FOLDER}measured.tiff`)).message).toContain('holds 1 float numbers per pixel');
  });

  test.each([
    [1, 1],
    [1, 50],
    [50, 1],
  ])('refuses %i×%i pixels: there is nothing to see', async (width, height) => {
    expect((await failure(pngHeader(width, height))).message).toContain('nothing to see');
  });
});

describe('decodePicture', () => {
  test.each([
    '444.jpg',
    '420.jpg',
    'progressive.jpg',
    'cmyk.jpg',
    'rgba.png',
    'lossless.webp',
    'lossy.webp',
    'lossy.avif',
    'transparent.gif',
    'cmyk.tiff',
  ])('never shows half of a picture: %s, cut off', async (file) => {
    const whole = await readFile(FOLDER + file);
    for (const share of [0.2, 0.5, 0.8, 0.97]) {
      const { message } = await failure(whole.subarray(0, Math.floor(whole.length * share)));
      expect(message).toMatch(/cannot be decoded|damaged or cut-off/);
    }
  });

  test('draws SVGs large enough, on white, without reading other files', async () => {
    const inner = `<image href="file://${FOLDER}shape-200x150.png" width="12" height="12"/>`;
    const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="24" height="12">${inner}<rect x="12" width="12" height="12" fill="#00f"/></svg>`;
    const picture = await decode(Buffer.from(svg));
    expect(picture).toMatchObject({
      width: 1024,
      height: 512,
      info: { format: 'svg', width: 24, height: 12 },
    });
    const pixel = (x: number) => [...picture.rgb.subarray((256 * 1024 + x) * 3, (256 * 1024 + x) * 3 + 3)];
    expect([pixel(256), pixel(768)]).toEqual([
      [255, 255, 255],
      [0, 0, 255],
    ]);
  });

  test('draws SVGs whatever size they say', async () => {
    for (const size of ['viewBox="0 0 1 1"', 'width="30000" height="30000"']) {
      const svg = `<svg xmlns="http://www.w3.org/2000/svg" ${size}><rect width="100%" height="100%" fill="#00f"/></svg>`;
      const { width, height, rgb } = await decode(Buffer.from(svg));
      expect([width, height, ...rgb.subarray(0, 3)]).toEqual([1024, 1024, 0, 0, 255]);
    }
  });

  test('shows CMYK through its own profile where it has one', async () => {
    const red = { create: { width: 8, height: 8, channels: 3, background: '#d02030' } } as const;
    const tagged = await sharp(red)
      .toColourspace('cmyk')
      .withIccProfile('cmyk')
      .jpeg({ quality: 100 })
      .toBuffer();
    const { rgb } = await decode(tagged);
    for (const [i, level] of [0xd0, 0x20, 0x30].entries()) expect(Math.abs(rgb[i]! - level)).toBeLessThan(16);
  });
});
