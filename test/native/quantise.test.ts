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
const PLAIN = {
  iq4_xs: 'f95681492bd38142fe79beeb539eb4a11244de8c8ca325db4d2ee8284b1fdc83',
  q2_k: '49164dda206eac51be38dd5c16ccd925171127a6a6cf7e4922081c4f1f9dc6d4',
  q3_k_m: '91657d82b0f6ccffbaed7ae4001059c1e5f99c236e8ee256af66c597e9565099',
  q4_k_m: '9e0a21908730d710fbf458f3e7f32303280835f7020a4ff728777c7fd39bc777',
  q5_k_m: 'e9d2c51c51fdc6f16dc2c4bdefb503373b698605f5d2daf377c1e0eb22312812',
  q6_k: '8fead4ae9faa3391a7710b760a7c98ab310d9f02590185036bb72c385a0d5af0',
  q8_0: 'ef824104d538a8e7312c5609f3e9be5678907e6b56c146c14e61ae4ffebbd4c8',
};
const NEW_IMATRIX = {
  iq1_s: '2ff3d02fdbc498de63c0b57ab2aaf34f1dd1d49411ca60a9e017978585303c7e',
  iq2_xxs: 'ab8cb96c371d4b418edcb28efc2c4c268ea4c6e1857477648043f92b2f479ef6',
  q4_k_m: '9ea231691782c6f210e55e5d520b0f2da170f17e6cc24c617346b1c96aa36284',
};
const OLD_IMATRIX = {
  iq3_xxs: '0144a6fb865cd9407add4493f1d6cc8ef9fc436ecd87454c87be30adb38f1b41',
};

const folder = temporaryFolder();
const source = join(folder, 'wide.gguf');
writeGguf(source, randomText({ textWidth: 256, textHidden: 512, textType: 'F16' }));
writeImatrix(join(folder, 'new.imatrix'), source);
writeOldImatrix(join(folder, 'old.imatrix'), source);

async function hashOfQuantised(type: string, imatrix?: string): Promise<string> {
  const target = join(folder, `${imatrix ?? 'plain'}-${type}.gguf`);
  const importance = imatrix === undefined ? undefined : await readImatrix(join(folder, imatrix));
  // llama-quantize was given the file's name alone.
  const named = importance && {
    ...importance,
    keys: importance.keys.map(
      ([key, value]) => [key, value === join(folder, imatrix!) ? imatrix! : value] as const,
    ),
  };
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

  it.each(Object.entries(OLD_IMATRIX))(
    'in %s with an importance matrix of the old format',
    async (type, expected) => {
      expect(await hashOfQuantised(type, 'old.imatrix')).toBe(expected);
    },
  );
});

describe('quantising', () => {
  const task = {
    source,
    target: join(folder, 'target.gguf'),
    type: 15,
    threads: 1,
    importance: [],
    keys: [],
  };

  it('says why llama.cpp refuses', async () => {
    await expect(quantiseFile({ ...task, type: fileType('iq1_s').number })).rejects.toThrow(
      /^llama\.cpp cannot quantise ".+wide\.gguf": this quantization requires an imatrix!/,
    );
    await expect(quantiseFile({ ...task, source: join(folder, 'none.gguf') })).rejects.toThrow(
      /cannot quantise/,
    );
    await expect(quantiseFile({ ...task, source: join(folder, 'new.imatrix') })).rejects.toThrow(
      /cannot quantise/,
    );
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
