import { createHash } from 'node:crypto';
import { expect, it } from 'vitest';
import { KeyTable } from '../../src/batch/journal/key-table.js';
import { Seeded } from '../reference/seeded.js';

const keyOf = (n: number) =>
  createHash('sha256').update(String(n)).digest().subarray(0, 16).toString('base64url');
/** Keys that all begin in the same place. */
const crowdedKeyOf = (n: number) => {
  const bytes = Buffer.alloc(16);
  bytes.writeUInt32LE(n, 12);
  return bytes.toString('base64url');
};

it.each([
  ['spread', keyOf],
  ['crowded', crowdedKeyOf],
])('KeyTable does as a Map does: %s keys', (_, key) => {
  const table = new KeyTable();
  const map = new Map<string, number>();
  const random = new Seeded(3);
  for (let i = 0; i < 6000; i++) {
    const some = key(random.below(1500));
    if (random.below(5) === 0) {
      table.forget(some);
      map.delete(some);
    } else {
      const value = random.below(1e6) * 2 ** 20;
      table.set(some, value);
      map.set(some, value);
    }
  }
  for (let n = 0; n < 1600; n++) expect(table.get(key(n))).toBe(map.get(key(n)));
  expect(() => table.get('no key')).toThrow(RangeError);
});
