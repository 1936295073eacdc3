import { open, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readTorchFile } from '../../src/checkpoints/files/read-torch-file.js';
import { temporaryFolder } from '../helpers/temporary-folder.js';
import { HARMLESS, hostileFiles } from './hostile-files.js';
import { stateDict, tensor, text, zip64Parts } from './torch-bytes.js';

const folder = temporaryFolder();
const HOSTILE = hostileFiles();

/** Time for one file, of which most take a millisecond, and memory for all, beside what the tests hold themselves. */
const MOST_MS = 2000;
const MOST_BYTES = 400e6;

describe('readTorchFile', () => {
  it('reads what torch.save writes', async () => {
    const path = join(folder, 'harmless.bin');
    await writeFile(path, HARMLESS);
    const [weight, ...more] = await readTorchFile(path);
    expect(more).toEqual([]);
    expect([weight!.name, weight!.type, weight!.shape]).toEqual(['weight', 'F32', [2, 3]]);
    const bytes = await weight!.read();
    expect([...new Float32Array(bytes.buffer, bytes.byteOffset, 6)]).toEqual([0, 1, 2, 3, 4, 5]);
  });

  it('reads a file of more than 4 GB, a few rows at a time', async () => {
    const count = 1_250_000_000;
    const path = join(folder, 'large.bin');
    const pickle = stateDict(
      text('large'),
      tensor({ count, shape: [count / 1000, 1000], strides: [1000, 1] }),
      text('behind'),
      tensor({ key: '1' }),
    );
    const numbers = Buffer.from(Float32Array.from([0, 1, 2, 3, 4, 5]).buffer);
    const parts = zip64Parts([
      { name: 'archive/data.pkl', size: pickle.length, bytes: pickle },
      { name: 'archive/data/0', size: count * 4 },
      { name: 'archive/data/1', size: 24, bytes: numbers },
    ]);
    await using file = await open(path, 'w');
    for (const { at, bytes } of parts) await file.write(bytes, 0, bytes.length, at);
    const [large, behind] = await readTorchFile(path);
    expect(large!.byteLength).toBe(5e9);
    expect(await large!.readRows(1_249_990, 10)).toEqual(Buffer.alloc(40_000));
    expect(Buffer.from(await behind!.read())).toEqual(numbers);
    await rm(path);
  });

  it('is tried with more than two hundred hostile files', () => {
    expect(HOSTILE.length).toBeGreaterThan(200);
    expect(new Set(HOSTILE.map(({ name }) => name)).size).toBe(HOSTILE.length);
  });

  it.each(HOSTILE)('refuses $name', async ({ bytes, problem }) => {
    const path = join(folder, 'hostile.bin');
    await writeFile(path, bytes);
    const start = performance.now();
    const held = process.memoryUsage().rss;
    await expect(readTorchFile(path)).rejects.toMatchObject({
      kind: 'weights',
      hint: expect.stringMatching(/./) as string,
      message: expect.stringMatching(problem) as string,
    });
    expect(performance.now() - start).toBeLessThan(MOST_MS);
    expect(process.memoryUsage().rss - held).toBeLessThan(MOST_BYTES);
    await rm(path);
  });
});
