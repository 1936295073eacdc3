import { utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readSafetensors } from '../../src/checkpoints/files/read-safetensors.js';
import { temporaryFolder } from '../helpers/temporary-folder.js';
import { countingBytes, safetensorsBytes } from './safetensors-bytes.js';

const folder = temporaryFolder();

async function fileOf(bytes: Uint8Array, name = 'model.safetensors'): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, bytes);
  return path;
}

const A = { dtype: 'F32', shape: [2, 3], data_offsets: [0, 24] };
const B = { dtype: 'BF16', shape: [4], data_offsets: [24, 32] };

describe('readSafetensors', () => {
  it('reads tensors and their rows, in the order of the header', async () => {
    const header = {
      __metadata__: { format: 'pt' },
      b: B,
      a: A,
      '7': { ...B, shape: [], data_offsets: [32, 34] },
    };
    const path = await fileOf(safetensorsBytes(JSON.stringify(header).padEnd(400), countingBytes(34)));
    const tensors = await readSafetensors(path);
    expect(tensors.map(({ name, type, shape, byteLength }) => [name, type, shape, byteLength])).toEqual([
      ['7', 'BF16', [], 2],
      ['b', 'BF16', [4], 8],
      ['a', 'F32', [2, 3], 24],
    ]);
    const [number, , a] = tensors;
    expect([...(await number!.read())]).toEqual([32, 33]);
    expect([...(await a!.read())]).toEqual([...countingBytes(24)]);
    expect([...(await a!.readRows(1, 1))]).toEqual([...countingBytes(24)].slice(12));
    await expect(a!.readRows(1, 2)).rejects.toThrow(RangeError);
  });

  it('keeps the order of names that are numbers', async () => {
    const text =
      '{"b":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"0":{"dtype":"U8","shape":[1],"data_offsets":[1,2]}}';
    const tensors = await readSafetensors(await fileOf(safetensorsBytes(text, countingBytes(2))));
    expect(tensors.map(({ name }) => name)).toEqual(['b', '0']);
  });

  it.each<[string, Buffer, RegExp]>([
    ['nothing', Buffer.alloc(0), /is cut off: it has 0 bytes/],
    ['a git-lfs pointer', Buffer.from('version https://git-lfs.github.com/spec/v1\noid'), /git-lfs pointer/],
    ['another format', Buffer.from('PK\x03\x04'.padEnd(64)), /not a safetensors file/],
    [
      'a length beyond the file',
      safetensorsBytes({ a: A }, countingBytes(24), 5000n),
      /is cut off: its header needs 5008/,
    ],
    [
      'a length beyond all files',
      safetensorsBytes({ a: A }, countingBytes(24), 2n ** 63n),
      /not a safetensors file/,
    ],
    ['no JSON', safetensorsBytes('{"a": ', countingBytes(24)), /its header is not JSON/],
    ['a list', safetensorsBytes('[1,2,3]', countingBytes(24)), /not a safetensors file/],
    [
      'deep nesting',
      safetensorsBytes(`{"a":${'['.repeat(1e6)}${']'.repeat(1e6)}}`, countingBytes(4)),
      /"a" has no type/,
    ],
    [
      'a tensor cut off',
      safetensorsBytes({ a: A }, countingBytes(20)),
      /its tensors need 24 bytes, 20 are there/,
    ],
    [
      'bytes left over',
      safetensorsBytes({ a: A }, countingBytes(30)),
      /6 bytes behind its tensors belong to none/,
    ],
    [
      'a hole',
      safetensorsBytes({ a: A, b: { ...B, data_offsets: [26, 34] } }, countingBytes(34)),
      /"b" leaves 2 bytes/,
    ],
    [
      'an overlap',
      safetensorsBytes({ a: A, b: { ...B, data_offsets: [20, 28] } }, countingBytes(28)),
      /"b" overlaps/,
    ],
    [
      'a lying size',
      safetensorsBytes({ a: { ...A, shape: [3, 3] } }, countingBytes(24)),
      /needs 36 bytes for \[3, 3\] F32, and has 24/,
    ],
    [
      'places reversed',
      safetensorsBytes({ a: { ...A, data_offsets: [24, 0] } }, countingBytes(24)),
      /has -24/,
    ],
    [
      'a shape beyond numbers',
      safetensorsBytes({ a: { ...A, shape: [2 ** 40, 2 ** 40] } }, countingBytes(24)),
      /"a" needs/,
    ],
    [
      'a negative shape',
      safetensorsBytes({ a: { ...A, shape: [-2, -3] } }, countingBytes(24)),
      /no type, shape and place/,
    ],
    [
      'a fractional place',
      safetensorsBytes({ a: { ...A, data_offsets: [0, 24.5] } }, countingBytes(24)),
      /no type, shape/,
    ],
    [
      'nine dimensions',
      safetensorsBytes({ a: { ...A, shape: [2, 3, 1, 1, 1, 1, 1, 1, 1] } }, countingBytes(24)),
      /no type, shape/,
    ],
    [
      'a name twice',
      safetensorsBytes(`{"a":${JSON.stringify(A)},"\\u0061":${JSON.stringify(A)}}`, countingBytes(24)),
      /"a" twice/,
    ],
    [
      'float8',
      safetensorsBytes({ a: { ...A, dtype: 'F8_E4M3' } }, countingBytes(24)),
      /number type "F8_E4M3"/,
    ],
    [
      'a name of objects',
      safetensorsBytes({ a: { ...A, dtype: 'toString' } }, countingBytes(24)),
      /number type "toString"/,
    ],
  ])('refuses %s', async (_, bytes, problem) => {
    const path = await fileOf(bytes);
    await expect(readSafetensors(path)).rejects.toMatchObject({
      kind: 'weights',
      message: expect.stringMatching(problem) as string,
    });
  });

  it('names a file that is missing, and a folder', async () => {
    await expect(readSafetensors(join(folder, 'no.safetensors'))).rejects.toThrow(
      /no\.safetensors" cannot be read: no such file/,
    );
    await expect(readSafetensors(folder)).rejects.toThrow(/is not a file/);
  });

  it('notices that a file changed after its header was read', async () => {
    const path = await fileOf(safetensorsBytes({ a: A }, countingBytes(24)), 'changing.safetensors');
    const [a] = await readSafetensors(path);
    await utimes(path, 1, 1);
    await expect(a!.read()).rejects.toThrow(/changed while it was read/);
  });

  it('stops at a signal', async () => {
    const path = await fileOf(safetensorsBytes({ a: A }, countingBytes(24)), 'stopped.safetensors');
    const [a] = await readSafetensors(path);
    await expect(a!.read(AbortSignal.abort(new Error('enough')))).rejects.toThrow('enough');
  });
});
