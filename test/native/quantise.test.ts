import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { fileType } from '../../src/convert/quantising/file-types.js';
import { readImatrix } from '../../src/convert/quantising/read-imatrix.js';
import { writeQuantised } from '../../src/convert/quantising/write-quantised.js';
import { quantiseFile } from '../../src/engine/quantising/quantise-file.js';
import { writeImatrix, writeOldImatrix } from '../helpers/imatrix.js';
import { temporaryFolder } from '../helpers/temporary-folder.js';
import { writeGguf } from '../reference/gguf-writer.js';
import { randomText } from '../reference/random-text.js';

/* SHA-256 of what llama.cpp v0.5.0's llama-quantize makes of the same file, with the same importance matrices. */
const PLAIN = {};
const NEW_IMATRIX = {};
const OLD_IMATRIX = {};

const folder = temporaryFolder();
const source = join(folder, 'wide.gguf');
writeGguf(source, randomText({ textWidth: 256, textHidden: 512, textType: 'F16' }));
writeImatrix(join(folder, 'new.imatrix'), source);
writeOldImatrix(join(folder, 'old.imatrix'), source);

async function hashOfQuantised(type: string, imatrix?: string): Promise<string> {
  const target = join(folder, `${imatrix ?? 'plain'}-${type}.gguf`);
  const importance = imatrix === undefined ? undefined : await readImatrix(join(folder, imatrix));
  // llama-quantize was given the file's name alone.
  const named = importance && { ...importance, keys: importance.keys.map(([key, value]) => [key, value === join(folder, imatrix!) ? imatrix! : value] as const) };
  await writeQuantised(source, target, fileType(type), { origin: 'test', threads: 2, importance: named });
  return createHash('sha256').update(readFileSync(target)).digest('hex');
}

describe('quantised files are those of llama-quantize', () => {
  it.each(Object.entries(PLAIN))('in %s', async (type, expected) => {
    expect(await hashOfQuantised(type)).toBe(expected);
  });

  it.each(Object.entries(NEW_IMATRIX))('in %s with an importance matrix', async (type, expected) => {
    expect(await hashOfQuantised(type, 'new.imatrix')).toBe(expected);
  });

  it.each(Object.entries(OLD_IMATRIX))('in %s with an importance matrix of the old format', async (type, expected) => {
    expect(await hashOfQuantised(type, 'old.imatrix')).toBe(expected);
  });
});

describe('quantising', () => {
  const task = { source, target: join(folder, 'target.gguf'), type: 15, threads: 1, importance: [], keys: [] };

  it('says why llama.cpp refuses', async () => {
    await expect(quantiseFile({ ...task, type: fileType('iq1_s').number })).rejects.toThrow(
      /^llama\.cpp cannot quantise ".+wide\.gguf": this quantization requires an imatrix!/,
    );
    await expect(quantiseFile({ ...task, source: join(folder, 'none.gguf') })).rejects.toThrow(/cannot quantise/);
    await expect(quantiseFile({ ...task, source: join(folder, 'new.imatrix') })).rejects.toThrow(/cannot quantise/);
  });

  it('ends when it is told to', async () => {
    const controller = new AbortController();
    const quantising = quantiseFile(task, { signal: controller.signal });
    controller.abort(new Error('enough'));
    await expect(quantising).rejects.toThrow('enough');
  });

  it('leaves nothing half-written behind', async () => {
    const target = join(folder, 'refused.gguf');
    const options = { origin: 'test', threads: 1 };
    await expect(writeQuantised(source, target, fileType('iq1_s'), options)).rejects.toThrow(/imatrix/);
    expect([target, `${target}.part`].filter((path) => existsSync(path))).toEqual([]);
  });
});
