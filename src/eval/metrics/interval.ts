/** Lower and upper end of a 95 % interval, in the unit of the figure. */
export type Interval = readonly [low: number, high: number];

/** 97.5 % point of the normal distribution. */
const Z = 1.959963984540054;

/** How often a bootstrap draws. */
const MOST_DRAWS = 1000;
const FEWEST_DRAWS = 200;

/** Items drawn in all, so that large sets are not slow. */
const MOST_ITEMS = 20_000_000;

/** Wilson's score interval of a proportion (0 to 1). Source: Wilson 1927, as in Newcombe 1998, method 3. */
export function wilsonInterval(right: number, total: number): Interval {
  if (total === 0) return [0, 1];
  const share = right / total;
  const centre = share + (Z * Z) / (2 * total);
  const reach = Z * Math.sqrt((share * (1 - share)) / total + (Z * Z) / (4 * total * total));
  const scale = 1 + (Z * Z) / total;
  return [Math.max(0, (centre - reach) / scale), Math.min(1, (centre + reach) / scale)];
}

/**
 * Interval of F1 (0 to 1). F1 is `2j / (1 + j)` where `j` is the share of true positives among all that is not a true
 * negative, so the ends are those of Wilson's interval of `j`.
 */
export function f1Interval(truePositive: number, wrong: number): Interval {
  const [low, high] = wilsonInterval(truePositive, truePositive + wrong);
  return [(2 * low) / (1 + low), (2 * high) / (1 + high)];
}

/**
 * Interval of the mean of figures, taken as independent, from their own intervals.
 * Source: Zou and Donner 2008, "method of variance estimates recovery".
 */
export function intervalOfMean(figures: readonly { value: number; interval: Interval }[]): Interval {
  const mean = meanOf(figures.map(({ value }) => value));
  const reach = (end: 0 | 1) =>
    Math.sqrt(figures.reduce((sum, { value, interval }) => sum + (value - interval[end]) ** 2, 0)) /
    Math.max(1, figures.length);
  return [mean - reach(0), mean + reach(1)];
}

/** Normal interval of a mean of graded scores, such as VQA accuracy; a single value has no width. */
export function meanInterval(values: readonly number[]): Interval {
  const mean = meanOf(values);
  if (values.length < 2) return [mean, mean];
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  const reach = Z * Math.sqrt(squares / (values.length - 1) / values.length);
  return [mean - reach, mean + reach];
}

/**
 * Percentile bootstrap for figures without a formula: the figure of 200 to 1,000 samples drawn from the items with
 * replacement. Source: Efron 1979. The same items give the same interval.
 * @param figure of the items at these positions
 */
export function bootstrapInterval(count: number, figure: (positions: Uint32Array) => number): Interval {
  const draws = Math.min(MOST_DRAWS, Math.max(FEWEST_DRAWS, Math.floor(MOST_ITEMS / Math.max(1, count))));
  const random = seededRandom(count);
  const positions = new Uint32Array(count);
  const figures = new Float64Array(draws);
  for (let draw = 0; draw < draws; draw++) {
    for (let item = 0; item < count; item++) positions[item] = Math.floor(random() * count);
    figures[draw] = figure(positions);
  }
  figures.sort();
  return [figures[Math.floor(draws * 0.025)] ?? 0, figures[Math.ceil(draws * 0.975) - 1] ?? 0];
}

/** 0 for no values. */
export function meanOf(values: readonly number[]): number {
  return values.length === 0 ? 0 : values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** Mulberry32: numbers from 0 to below 1. */
function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
