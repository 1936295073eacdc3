import { readFile, stat, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { f32s, text, texts, u32 } from '../../src/convert/gguf/metadata.js';
import { bytesOf, type PlannedFile, type PlannedTensor } from '../../src/convert/gguf/planned-file.js';
import { fileBytes, writeGguf } from '../../src/convert/gguf/write-gguf.js';
import type { GgufArray } from '../../src/weights/gguf/parse-gguf.js';
import { readGgufHeader } from '../../src/weights/gguf/gguf-header.js';
import { temporaryFolder } from '../helpers/temporary-folder.js';

/** A tensor whose bytes are all `fill`; `made` hears when they are asked for. */
function tensor(
  name: string,
  shape: readonly number[],
  fill: number,
  made: (name: string) => void,
): PlannedTensor {
  return {
    name,
    shape,
    format: 'f16',
    // eslint-disable-next-line @typescript-eslint/require-await -- bytes that need no waiting
    async *chunks(signal) {
      made(name);
      for (let left = bytesOf({ shape, format: 'f16' }); left > 0; left -= 1000) {
        signal?.throwIfAborted();
        yield new Uint8Array(Math.min(left, 1000)).fill(fill);
      }
    },
  };
}

function file(made: (name: string) => void = () => undefined): PlannedFile {
  const shapes = [[3, 5], [700, 3], [11], [64, 32, 2], [1]];
  return {
    metadata: new Map([
      ['general.architecture', text('llama')],
      ['a', u32(7)],
      ['words', texts(['é', '', '▁a'])],
      ['numbers', f32s([1, -0.5])],
    ]),
    tensors: shapes.map((shape, index) => tensor(`t${index}`, shape, index + 1, made)),
  };
}

const folder = temporaryFolder();
let files = 0;

/** Of a file that is not there yet. */
function freshPath(): string {
  return join(folder, `${files++}.gguf`);
}

const OPTIONS = { origin: 'the same' };

describe('a GGUF file', () => {
  it('is read as it was written', async () => {
    const path = freshPath();
    const seen: number[] = [];
    await writeGguf(path, file(), { ...OPTIONS, onProgress: (done) => seen.push(done) });
    const header = await readGgufHeader(path);
    expect(header.fileBytes).toBe(fileBytes(file()));
    expect(seen.at(-1)).toBe(header.fileBytes);
    expect(seen).toEqual([...seen].sort((a, b) => a - b));
    expect([...header.tensors.values()].map(({ name, shape }) => [name, shape])).toEqual([
      ['t0', [5, 3]],
      ['t1', [3, 700]],
      ['t2', [11]],
      ['t3', [2, 32, 64]],
      ['t4', [1]],
    ]);
    const bytes = await readFile(path);
    for (const [index, { offset, bytes: length }] of [...header.tensors.values()].entries())
      expect(new Set(bytes.subarray(offset, offset + length))).toEqual(new Set([index + 1]));
    expect(header.metadata.get('words')).toMatchObject({ values: ['é', '', '▁a'] });
  });

  it('may have a vocabulary of any length', async () => {
    const tokens = Array.from({ length: 40_000 }, (_, index) => `token ${index}`);
    const path = freshPath();
    const metadata = new Map([
      ['tokens', texts(tokens)],
      ['scores', f32s(tokens.map((_, index) => -index))],
      ['after', u32(3)],
    ]);
    await writeGguf(path, { ...file(), metadata }, OPTIONS);
    const header = await readGgufHeader(path);
    expect(header.metadata.get('after')).toBe(3);
    const { bytes, length } = header.metadata.get('tokens') as GgufArray;
    expect(length).toBe(tokens.length);
    expect(Buffer.from(bytes).subarray(-11).toString()).toBe('token 39999');
  });

  it('goes on after the last whole tensor, wherever it was ended', async () => {
    const whole = freshPath();
    await writeGguf(whole, file(), OPTIONS);
    for (let ended = 0; ended < 5; ended++) {
      const path = freshPath();
      const controller = new AbortController();
      const end = (name: string) => {
        if (name === `t${ended}`) controller.abort();
      };
      await expect(writeGguf(path, file(end), { ...OPTIONS, signal: controller.signal })).rejects.toThrow();
      await expect(stat(path)).rejects.toThrow();
      const made: string[] = [];
      await writeGguf(
        path,
        file((name) => made.push(name)),
        OPTIONS,
      );
      expect(made[0]).toBe(`t${ended}`);
      expect((await readFile(path)).equals(await readFile(whole))).toBe(true);
    }
  });

  it('is not written again when it is whole', async () => {
    const path = freshPath();
    await writeGguf(path, file(), OPTIONS);
    const made: string[] = [];
    await writeGguf(
      path,
      file((name) => made.push(name)),
      OPTIONS,
    );
    expect(made).toEqual([]);
    await writeGguf(
      path,
      file((name) => made.push(name)),
      { origin: 'another' },
    );
    expect(made).toHaveLength(5);
  });

  it.each([
    ['another origin', (path: string) => path, 'another', 't0'],
    ['bytes that changed', spoil, 'the same', 't1'],
    ['a shorter file', (path: string) => truncate(`${path}.part`, 4000), 'the same', 't1'],
    ['a journal cut off', cutJournal, 'the same', 't2'],
  ] as const)('trusts nothing but what it wrote: %s', async (_, change, origin, first) => {
    const path = freshPath();
    const controller = new AbortController();
    const end = (name: string) => {
      if (name === 't3') controller.abort();
    };
    await expect(writeGguf(path, file(end), { ...OPTIONS, signal: controller.signal })).rejects.toThrow();
    await change(path);
    const made: string[] = [];
    await writeGguf(
      path,
      file((name) => made.push(name)),
      { origin },
    );
    expect(made[0]).toBe(first);
    const header = await readGgufHeader(path);
    const bytes = await readFile(path);
    for (const [index, { offset, bytes: length }] of [...header.tensors.values()].entries())
      expect(new Set(bytes.subarray(offset, offset + length))).toEqual(new Set([index + 1]));
  });
});

/** One byte in the second tensor. */
async function spoil(path: string): Promise<void> {
  const bytes = await readFile(`${path}.part`);
  bytes[bytes.lastIndexOf(2)] = 99;
  await writeFile(`${path}.part`, bytes);
}

async function cutJournal(path: string): Promise<void> {
  const journal = await readFile(`${path}.journal`, 'utf8');
  await writeFile(`${path}.journal`, journal.slice(0, -20));
}
