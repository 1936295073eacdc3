import { describe, expect, it } from 'vitest';
import {
  bootstrapInterval,
  f1Interval,
  intervalOfMean,
  meanInterval,
  wilsonInterval,
} from '../../src/eval/metrics/interval.js';

describe('intervals', () => {
  /** Published examples: Newcombe 1998, Table I, method 3. */
  it.each([
    [81, 263, 0.2553, 0.3662],
    [15, 148, 0.0624, 0.1605],
    [0, 20, 0, 0.1611],
    [1, 29, 0.0061, 0.1718],
  ])('Wilson of %d in %d', (right, total, low, high) => {
    const [from, to] = wilsonInterval(right, total);
    expect(from).toBeCloseTo(low, 4);
    expect(to).toBeCloseTo(high, 4);
  });

  it('of a mean is mean ± 1.96 standard errors', () => {
    const [low, high] = meanInterval([0, 1, 1, 0, 0.5]);
    expect((low + high) / 2).toBeCloseTo(0.5, 12);
    expect(high - low).toBeCloseTo(2 * 1.95996 * (0.5 / Math.sqrt(5)), 4);
    expect(meanInterval([0.4])).toEqual([0.4, 0.4]);
  });

  it('of F1 agrees with a bootstrap', () => {
    const kinds = Array.from({ length: 600 }, (_, index) =>
      index % 6 < 3 ? 'right' : index % 6 < 4 ? 'wrong' : 'other',
    );
    const f1 = (positions: Uint32Array) => {
      const count = (kind: string) => positions.filter((one) => kinds[one] === kind).length;
      return (2 * count('right')) / (2 * count('right') + count('wrong'));
    };
    const [low, high] = bootstrapInterval(600, f1);
    const [from, to] = f1Interval(300, 100);
    expect(Math.abs(low - from)).toBeLessThan(0.01);
    expect(Math.abs(high - to)).toBeLessThan(0.01);
  });

  it('by bootstrap agrees with Wilson and is the same every time', () => {
    const right = Array.from({ length: 400 }, (_, index) => index % 4 !== 0);
    const share = (positions: Uint32Array) => positions.filter((one) => right[one]).length / positions.length;
    const [low, high] = bootstrapInterval(400, share);
    const [from, to] = wilsonInterval(300, 400);
    expect(Math.abs(low - from)).toBeLessThan(0.01);
    expect(Math.abs(high - to)).toBeLessThan(0.01);
    expect(bootstrapInterval(400, share)).toEqual([low, high]);
  });

  it('of a mean of figures narrows with their number and keeps their sides', () => {
    const one = { value: 80, interval: [74, 85] as const };
    expect(intervalOfMean([one])).toEqual([74, 85]);
    const [low, high] = intervalOfMean([one, one, one, one]);
    expect([low, high]).toEqual([77, 82.5]);
  });
});
