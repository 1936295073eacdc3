import { expect, it } from 'vitest';
import { temporaryFolder } from '../helpers/temporary-folder.js';
import { askMutants } from './ask-mutants.js';

/* A few of what `npm run test:weight-mutants` does for thousands. */

const folder = temporaryFolder();
/** Numbers that are none, in an adapter and in the language model: they ended the process under a grammar. */
const FOUND = [2, 3, 39];

it('no change to the weights ends the process', async () => {
  const seeds = [...FOUND, ...Array.from({ length: 17 }, (_, i) => 100 + i)];
  const { answered, refused, casualties } = await askMutants(folder, seeds);
  expect(casualties).toEqual([]);
  expect(answered + refused).toBe(seeds.length);
  expect(refused).toBeGreaterThan(seeds.length / 3);
}, 120_000);
