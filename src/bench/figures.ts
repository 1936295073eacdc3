/** What one run showed, by the name of the figure; the unit stands in the name. */
export type Figures = Readonly<Record<string, number>>;

/** What several runs of one program showed. */
export type Samples = ReadonlyMap<string, readonly number[]>;

/** Gathers runs of one program. */
export function gather(runs: readonly Figures[]): Samples {
  const samples = new Map<string, number[]>();
  for (const run of runs)
    for (const [name, value] of Object.entries(run)) {
      const values = samples.get(name) ?? [];
      values.push(value);
      samples.set(name, values);
    }
  return samples;
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? NaN) + upper) / 2;
}

/** `median (lowest–highest)`, or the value alone when there is one. */
export function spread(values: readonly number[], digits = 2): string {
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const middle = median(values).toFixed(digits);
  return values.length < 2 ? middle : `${middle} (${low.toFixed(digits)}–${high.toFixed(digits)})`;
}
