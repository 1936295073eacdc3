import { expect, test } from 'vitest';
import { decodeMutants } from './mutants.js';

test('whatever is changed in a picture, it is decoded or refused', async () => {
  const { decoded, refused, faults } = await decodeMutants(120, 7);
  expect(faults).toEqual([]);
  expect(decoded + refused).toBe(120);
  expect(refused).toBeGreaterThan(30);
}, 240_000);
