import { createHash, randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { hashFile } from '../../src/hub/hash-file.js';
import { temporaryFolder } from '../helpers/temporary-folder.js';

const path = join(temporaryFolder(), 'file');
const MIB4 = 1 << 22;

test.each([0, 1, MIB4 - 1, MIB4, MIB4 + 1, 3 * MIB4 + 7])('hashes %i bytes', async (length) => {
  const bytes = randomBytes(length);
  writeFileSync(path, bytes);
  const seen: [number, number][] = [];
  const hash = await hashFile(path, { onProgress: (done, total) => seen.push([done, total]) });
  expect(hash).toBe(createHash('sha256').update(bytes).digest('hex'));
  expect(seen).toHaveLength(Math.ceil(length / MIB4));
  if (length > 0) expect(seen.at(-1)).toEqual([length, length]);
});

test('stops with the reason of the signal', async () => {
  writeFileSync(path, randomBytes(4 * MIB4));
  const control = new AbortController();
  const hashing = hashFile(path, {
    signal: control.signal,
    onProgress: () => {
      control.abort(new Error('enough'));
    },
  });
  await expect(hashing).rejects.toThrow('enough');
});
