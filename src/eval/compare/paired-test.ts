import { wilsonInterval, type Interval } from '../metrics/interval.js';

/** How two answerers did on the same questions. */
export interface PairedCounts {
  readonly bothRight: number;
  readonly onlyFirst: number;
  readonly onlySecond: number;
  readonly bothWrong: number;
}

/**
 * McNemar's test of whether two answerers are right equally often, exact: the two-sided probability of a split at least as
 * uneven among the questions that only one of them has right, were each as likely. Source: McNemar 1947; Agresti, "Categorical
 * Data Analysis", section 10.1.
 * @returns 1 where no question tells them apart
 */
export function mcnemarProbability({ onlyFirst, onlySecond }: PairedCounts): number {
  const trials = onlyFirst + onlySecond;
  const fewer = Math.min(onlyFirst, onlySecond);
  // Terms of the binomial distribution, by their logarithms: a half to a thousandth power is no number that can be told from 0.
  let log = -trials * Math.LN2;
  let sum = Math.exp(log);
  for (let count = 1; count <= fewer; count++) {
    log += Math.log(trials - count + 1) - Math.log(count);
    sum += Math.exp(log);
  }
  return Math.min(1, 2 * sum);
}

/**
 * 95 % interval of the second's share of right answers minus the first's (−1 to 1), for the same questions.
 * Source: Newcombe 1998, "Improved confidence intervals for the difference between binomial proportions based on paired data",
 * method 10: Wilson's intervals, joined by their correlation.
 */
export function pairedDifferenceInterval(counts: PairedCounts): Interval {
  const { bothRight, onlyFirst, onlySecond, bothWrong } = counts;
  const total = bothRight + onlyFirst + onlySecond + bothWrong;
  if (total === 0) return [-1, 1];
  const [first, second] = [bothRight + onlyFirst, bothRight + onlySecond];
  const reach = (right: number) => {
    const [low, high] = wilsonInterval(right, total);
    return { below: right / total - low, above: high - right / total };
  };
  const [ofFirst, ofSecond] = [reach(first), reach(second)];
  const correlation = correlationOf(counts, total);
  const joined = (a: number, b: number) => Math.sqrt(Math.max(0, a ** 2 - 2 * correlation * a * b + b ** 2));
  const difference = (second - first) / total;
  return [
    difference - joined(ofSecond.below, ofFirst.above),
    difference + joined(ofSecond.above, ofFirst.below),
  ];
}

function correlationOf({ bothRight, onlyFirst, onlySecond, bothWrong }: PairedCounts, total: number): number {
  const edges =
    (bothRight + onlyFirst) * (onlySecond + bothWrong) * (bothRight + onlySecond) * (onlyFirst + bothWrong);
  if (edges === 0) return 0;
  const product = bothRight * bothWrong - onlyFirst * onlySecond;
  const corrected = product > 0 ? Math.max(0, product - total / 2) : product;
  return corrected / Math.sqrt(edges);
}
