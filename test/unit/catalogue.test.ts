import { statSync } from 'node:fs';
import { expect, it } from 'vitest';
import { findWeights, readCatalogue } from '../../src/weights/catalogue.js';

it('has the demo model, at most 8 MB of it', () => {
  const { model, mmproj } = findWeights('demo');
  expect(statSync(model).size + statSync(mmproj).size).toBeLessThanOrEqual(8e6);
});

it('has the model that is used when none is named', () => {
  expect(Object.keys(readCatalogue().models)).toContain(readCatalogue().default);
  expect(findWeights(undefined)).toEqual(findWeights(readCatalogue().default));
});

it('names what there is when asked for what there is not', () => {
  expect(() => findWeights('99b')).toThrow('no model "99b"');
  expect(() => findWeights('toString')).toThrow('no model "toString"');
});
