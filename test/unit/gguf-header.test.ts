import { open, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { ExpectedError } from '../../src/llava/expected-error.js';
import { readGgufHeader, type GgufHeader } from '../../src/weights/gguf/gguf-header.js';
import { entry, F32_ROW, gguf, NAME, tensor, text, u32, u64, u8, type Parts } from '../helpers/gguf-bytes.js';
import { temporaryFolder } from '../helpers/temporary-folder.js';

const folder = temporaryFolder();

async function read(bytes: Uint8Array | string): Promise<GgufHeader> {
  const path = join(folder, 'x.gguf');
  await writeFile(path, bytes);
  return await readGgufHeader(path);
}

async function failure(bytes: Uint8Array | string): Promise<ExpectedError> {
  const error = await read(bytes).catch((caught: unknown) => caught);
  expect(error).toBeInstanceOf(ExpectedError);
  const { kind, message, hint } = error as ExpectedError;
  expect(kind).toBe('weights');
  expect(message).toContain('x.gguf"');
  expect(hint).toBeTruthy();
  return error as ExpectedError;
}

describe('readGgufHeader', () => {
  test('reads values of every type, and arrays', async () => {
    const { metadata, version } = await read(
      gguf({
        entries: [
          entry('u8', 0, u8(200)),
          entry('i8', 1, u8(200)),
          entry('u16', 2, Buffer.from([1, 2])),
          entry('i16', 3, Buffer.from([255, 255])),
          entry('u32', 4, u32(4_000_000_000)),
          entry('i32', 5, u32(4_294_967_295)),
          entry('f32', 6, u32(0x3f800000)),
          entry('bool', 7, u8(1)),
          entry('string', 8, text('für')),
          entry('u64', 10, u64(2 ** 40)),
          entry('i64', 11, u64(2n ** 64n - 5n)),
          entry('f64', 12, u64(0x3ff8000000000000n)),
          entry('numbers', 9, u32(4), u64(2), u32(7), u32(8)),
          entry('words', 9, u32(8), u64(2), text('a'), text('b')),
          entry('long', 9, u32(2), u64(300), Buffer.alloc(600)),
          entry('vocabulary', 9, u32(8), u64(300), ...Array.from({ length: 300 }, () => text('▁the'))),
          entry('after', 4, u32(5)),
        ],
      }),
    );
    expect(version).toBe(3);
    expect(Object.fromEntries(metadata)).toMatchObject({
      u8: 200,
      i8: -56,
      u16: 513,
      i16: -1,
      u32: 4_000_000_000,
      i32: -1,
      f32: 1,
      bool: true,
      string: 'für',
      u64: 2 ** 40,
      i64: -5,
      f64: 1.5,
      numbers: { length: 2, elementType: 'u32', values: [7, 8] },
      words: { length: 2, elementType: 'string', values: ['a', 'b'] },
      long: { length: 300, elementType: 'u16', values: undefined, bytes: Buffer.alloc(600) },
      vocabulary: { length: 300, elementType: 'string', values: undefined },
      after: 5,
    });
  });

  test('reads version 2, and where tensors lie at another alignment', async () => {
    const alignment = entry('general.alignment', 4, u32(64));
    const tensors = [
      tensor('a', [32, 3], 8, 0),
      tensor('b', [256, 2], 12, 128),
      tensor('c', [2, 3, 4, 5], 30, 448),
    ];
    const bytes = gguf({ version: 2, entries: [alignment], tensors, alignment: 64, dataBytes: 448 + 240 });
    const header = await read(bytes);
    const start = bytes.length - 448 - 240;
    expect(header).toMatchObject({ version: 2, fileBytes: bytes.length });
    expect([...header.tensors.values()]).toEqual([
      { name: 'a', shape: [32, 3], type: 'q8_0', offset: start, bytes: 3 * 34 },
      { name: 'b', shape: [256, 2], type: 'q4_K', offset: start + 128, bytes: 2 * 144 },
      { name: 'c', shape: [2, 3, 4, 5], type: 'bf16', offset: start + 448, bytes: 240 },
    ]);
  });

  test('reads a header longer than its first reading, of 100,000 tokens, at once', async () => {
    const tokens = Array.from({ length: 100_000 }, (_, i) => text(`▁word${i}`));
    const bytes = gguf({ entries: [entry('tokens', 9, u32(8), u64(tokens.length), ...tokens), NAME] });
    expect(bytes.length).toBeGreaterThan(2 ** 20);
    const start = performance.now();
    expect((await read(bytes)).metadata.get('general.name')).toBe('tiny');
    expect(performance.now() - start).toBeLessThan(2000);
  });

  test.each<[string, Parts, RegExp]>([
    ['version 1', { version: 1 }, /is GGUF version 1; version 2 or 3 is needed/],
    ['version 4', { version: 4 }, /is GGUF version 4/],
    ['big-endian', { version: 0x03000000 }, /big-endian/],
    ['more entries than fit', { entryCount: 1e6 }, /number of metadata entries is 1000000/],
    ['entries without end', { entryCount: 2n ** 64n - 1n }, /number of metadata entries is 18446744/],
    ['tensors without end', { tensorCount: 2n ** 63n }, /number of tensors is 92233/],
    ['one key twice', { entries: [NAME, NAME] }, /has the key "general\.name" twice/],
    ['a key with a null character', { entries: [entry('k\0', 4, u32(1))] }, /null character/],
    ['an empty key', { entries: [entry('', 0, u8(1))] }, /name of 0 characters/],
    [
      'a key without end',
      { entries: [Buffer.concat([u64(2n ** 40n), Buffer.alloc(99)])] },
      /length of metadata key 1 of 1/,
    ],
    ['an unknown value type', { entries: [entry('k', 13, u64(0))] }, /value of "k" is of type 13/],
    ['an array of arrays', { entries: [entry('k', 9, u32(9), u64(0))] }, /array of arrays/],
    [
      'an array without end',
      { entries: [entry('k', 9, u32(12), u64(2n ** 61n))] },
      /length of the value of "k"/,
    ],
    [
      'an alignment of 48',
      { entries: [entry('general.alignment', 4, u32(48))] },
      /"general\.alignment" is 48/,
    ],
    ['an alignment of 0', { entries: [entry('general.alignment', 4, u32(0))] }, /"general\.alignment" is 0/],
    ['five dimensions', { tensors: [tensor('a', [1, 1, 1, 1, 1], 0, 0)] }, /tensor "a" has 5 dimensions/],
    [
      'dimensions that overflow',
      { tensors: [tensor('a', [2n ** 32n, 2n ** 32n], 0, 0)] },
      /4294967296×4294967296/,
    ],
    ['a removed number format', { tensors: [tensor('a', [32], 4, 0)] }, /unknown number format 4/],
    ['an unknown number format', { tensors: [tensor('a', [32], 99, 0)] }, /unknown number format 99/],
    ['rows that blocks do not fill', { tensors: [tensor('a', [33], 8, 0)] }, /33 numbers of format q8_0/],
    ['one tensor twice', { tensors: [F32_ROW, tensor('a', [3], 0, 32)] }, /tensor "a" twice/],
    [
      'overlapping tensors',
      { tensors: [F32_ROW, tensor('b', [3], 0, 0)] },
      /"b" starts at 0 of the data, not at 32/,
    ],
    [
      'a tensor beyond the end',
      { tensors: [tensor('a', [17], 0, 0)] },
      /cut off: tensor "a" ends at byte \d+/,
    ],
  ])('refuses %s', async (_, parts, message) => {
    expect((await failure(gguf(parts))).message).toMatch(message);
  });

  test.each([
    ['is empty', ''],
    ['is a git-lfs pointer', 'version https://git-lfs.github.com/spec/v1\n'],
    ['is a web page', '<!doctype html><title>Sign in</title>'],
    ['is JSON', '{"error": "Repository not found"}'],
    ['that GGUF replaced', 'tjgg\x03\0\0\0'],
    ['is a safetensors file', '\x40\0\0\0\0\0\0\0{"__metadata__":{}}'],
    ['is a PyTorch or ZIP file', 'PK\x03\x04'],
    ['starts with the bytes 51515151', 'QQQQQQQQ'],
  ])('says that a file %s', async (problem, content) => {
    expect((await failure(content)).message).toContain(problem);
  });

  test('names missing files and folders', async () => {
    await expect(readGgufHeader(join(folder, 'none.gguf'))).rejects.toThrow(/none\.gguf" does not exist$/);
    await expect(readGgufHeader(folder)).rejects.toThrow(/is a folder$/);
  });

  test('does not touch the data of the tensors', async () => {
    const bytes = gguf({ tensors: [tensor('a', [2 ** 36], 0, 0)], dataBytes: 0 });
    const path = join(folder, 'sparse.gguf');
    await using file = await open(path, 'w');
    await file.write(bytes);
    await file.truncate(bytes.length + 2 ** 38);
    expect((await readGgufHeader(path)).tensors.get('a')).toMatchObject({ bytes: 2 ** 38 });
  });
});
