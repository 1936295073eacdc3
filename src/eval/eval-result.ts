import {
  bootstrapInterval,
  meanInterval,
  meanOf,
  wilsonInterval,
  type Interval,
} from './metrics/interval.js';

/** One measured number. */
export interface Figure {
  readonly name: string;
  /** In the unit: per cent, or points of the benchmark's own scale. */
  readonly value: number;
  readonly unit: '%' | 'points';
  /** How many questions (or pictures, or pairs) it is taken over. */
  readonly total: number;
  /** Where it is a share: how many of them are right. */
  readonly right?: number;
  /** 95 %; undefined where none can be stated. */
  readonly interval?: Interval;
}

export interface EvalResult {
  readonly benchmark: string;
  /** The figure that the paper's table has. */
  readonly headline: Figure;
  /** The others, by category. */
  readonly figures: readonly Figure[];
  /** What was wrong with the data and what was done about it; quirks that changed the figure. */
  readonly notes: readonly string[];
}

/** A share in per cent with Wilson's interval. */
export function shareFigure(name: string, right: number, total: number): Figure {
  const [low, high] = wilsonInterval(right, total);
  const value = total === 0 ? 0 : (100 * right) / total;
  return { name, value, unit: '%', total, right, interval: [100 * low, 100 * high] };
}

/** The mean of scores up to 1 in per cent, with the normal interval of a mean, as far as scores can be. */
export function meanFigure(name: string, scores: readonly number[]): Figure {
  const [lowest, highest] = meanInterval(scores);
  const low = scores.some((score) => score < 0) ? lowest : Math.max(0, lowest);
  const high = Math.min(1, highest);
  return {
    name,
    value: 100 * meanOf(scores),
    unit: '%',
    total: scores.length,
    interval: [100 * low, 100 * high],
  };
}

/** A figure of items without a formula for its interval: a bootstrap over the items. */
export function bootstrapFigure(
  name: string,
  unit: Figure['unit'],
  total: number,
  figure: (positions: Uint32Array) => number,
): Figure {
  const value = figure(Uint32Array.from({ length: total }, (_, position) => position));
  return { name, value, unit, total, interval: bootstrapInterval(total, figure) };
}
