import { describe, expect, it } from 'vitest';
import { compareAnswers, isExpected, type ComparedQuestion } from '../../src/eval/compare/compare-answers.js';
import { mcnemarProbability, pairedDifferenceInterval } from '../../src/eval/compare/paired-test.js';

const counts = (bothRight: number, onlyFirst: number, onlySecond: number, bothWrong: number) => ({
  bothRight,
  onlyFirst,
  onlySecond,
  bothWrong,
});

/** The same sum in whole numbers: twice the binomial tail, over 2 to the number of trials. */
function exactProbability(first: number, second: number): number {
  const trials = BigInt(first + second);
  let term = 1n;
  let sum = 1n;
  for (let count = 1n; count <= BigInt(Math.min(first, second)); count++) {
    term = (term * (trials - count + 1n)) / count;
    sum += term;
  }
  const scale = 10n ** 30n;
  return Math.min(1, Number((2n * sum * scale) / 2n ** trials) / 1e30);
}

describe('McNemar’s exact test', () => {
  // Agresti's table of approval ratings, 150 and 86 who changed their minds, and smaller ones.
  it.each([
    [150, 86],
    [121, 59],
    [25, 10],
    [5, 5],
    [1, 0],
    [0, 6],
    [900, 1000],
    [3000, 3100],
  ])('gives %i against %i the probability that whole numbers give', (first, second) => {
    const expected = exactProbability(first, second);
    expect(mcnemarProbability(counts(7, first, second, 3)) / expected).toBeCloseTo(1, 8);
  });

  it('gives values that are known by heart', () => {
    expect(mcnemarProbability(counts(0, 0, 6, 0))).toBeCloseTo(2 / 64, 12);
    expect(mcnemarProbability(counts(0, 1, 5, 0))).toBeCloseTo(14 / 64, 12);
    expect(mcnemarProbability(counts(9, 0, 0, 9))).toBe(1);
    expect(mcnemarProbability(counts(9, 4, 4, 9))).toBe(1);
  });
});

describe('the interval of a paired difference', () => {
  it('is the published one of Newcombe’s example', () => {
    // 1998, method 10; there the difference is the first's share minus the second's.
    const [low, high] = pairedDifferenceInterval(counts(36, 12, 2, 0));
    expect([-high, -low].map((end) => end.toFixed(4))).toEqual(['0.0569', '0.3404']);
  });

  it('turns over when the two change places', () => {
    const [low, high] = pairedDifferenceInterval(counts(50, 9, 20, 21));
    const [otherLow, otherHigh] = pairedDifferenceInterval(counts(50, 20, 9, 21));
    expect([low, high]).toEqual([-otherHigh, -otherLow]);
  });
});

describe('a comparison', () => {
  const said = (text: string, isRight?: boolean, logLikelihood?: number) => ({
    text,
    isRight,
    logLikelihood,
  });
  const questions: readonly ComparedQuestion[] = [
    { first: said('red', true, -1), second: said('red ', true, -0.5) },
    { first: said('red', false, -1), second: said('blue', true, -2) },
    { first: said('yes', true, -2), second: said('yes', true, -1) },
    { first: said('no'), second: said('no') },
    { first: undefined, second: said('no', true) },
  ];

  it('counts answers that are the same, and how much surer the second is of them', () => {
    const { questions: count, failed, agreement, logLikelihood } = compareAnswers(questions);
    expect({ count, failed }).toEqual({ count: 5, failed: 1 });
    expect([agreement.count, agreement.total]).toEqual([3, 4]);
    expect(logLikelihood).toMatchObject({ answers: 2, difference: 0.75 });
  });

  it('compares accuracy where it is known on both sides', () => {
    const { accuracy } = compareAnswers(questions);
    expect(accuracy).toMatchObject({ onlyFirst: 0, onlySecond: 1, probability: 1, difference: 1 / 3 });
    expect([accuracy?.first.count, accuracy?.second.count, accuracy?.first.total]).toEqual([2, 3, 3]);
    expect(compareAnswers([{ first: said('a'), second: said('a') }]).accuracy).toBeUndefined();
  });

  it('takes case, spaces at the ends and a full stop for nothing', () => {
    expect(isExpected(' Red.', ['red'])).toBe(true);
    expect(isExpected('two', ['2', 'Two'])).toBe(true);
    expect(isExpected('reddish', ['red'])).toBe(false);
  });
});
