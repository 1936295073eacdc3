import { describe, expect, it } from 'vitest';
import { keepAttended } from '../../src/engine/local/keep-attended.js';

const features = {
  tokens: 5,
  width: 2,
  values: Float32Array.of(0, 0.5, 1, 1.5, 2, 2.5, 3, 3.5, 4, 4.5),
  attention: Float32Array.of(0.1, 0.3, 0.05, 0.3, 0.25),
};

describe('keepAttended', () => {
  it('keeps the most attended patches in their order, the first of equal ones', () => {
    expect(keepAttended(features, 3)).toEqual({
      tokens: 3,
      width: 2,
      values: Float32Array.of(1, 1.5, 3, 3.5, 4, 4.5),
      attention: Float32Array.of(0.3, 0.3, 0.25).map(Math.fround),
    });
    expect(keepAttended(features, 1).values).toEqual(Float32Array.of(1, 1.5));
  });

  it('keeps everything when there is no more', () => {
    expect(keepAttended(features, 5)).toBe(features);
    expect(keepAttended(features, 576)).toBe(features);
  });
});
