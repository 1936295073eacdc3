import type { BenchSetup } from './bench-setup.js';
import type { Contender, ContenderName, Work } from './contenders.js';
import { gather, median, spread, type Figures, type Samples } from './figures.js';

/** What each contender showed. */
export type Comparison = ReadonlyMap<ContenderName, Samples>;

/**
 * Lets the contenders do each work in turn, A B A B …, so that a machine whose speed drifts is as slow for one as for
 * the other.
 * @param onStep hears what is done next
 * @param onFigures hears at once what a run showed: a comparison can take an hour, and fail in it
 */
export async function compare(
  contenders: readonly Contender[],
  works: readonly Work[],
  runs: number,
  setup: BenchSetup,
  onStep: (text: string) => void,
  onFigures: (name: ContenderName, figures: Figures) => void,
): Promise<Comparison> {
  const shown = new Map<ContenderName, Figures[]>(contenders.map(({ name }) => [name, []]));
  for (const work of works)
    for (let run = 1; run <= runs; run++)
      for (const { name, works: done } of contenders) {
        onStep(`${work}: ${name}, run ${run} of ${runs}`);
        const figures = await done[work]?.(setup);
        if (figures === undefined) continue;
        shown.get(name)?.push(figures);
        onFigures(name, figures);
      }
  return new Map([...shown].map(([name, figures]) => [name, gather(figures)]));
}

/** Rows for people: a figure each, with llava's ratio to every other who has it. */
export function comparisonTable(comparison: Comparison): readonly (readonly string[])[] {
  const [[, own] = [], ...others] = [...comparison];
  if (own === undefined) return [];
  const heads = others.flatMap(([name]) => [name, 'ratio']);
  const rows = [...own].map(([figure, values]) => [
    figure,
    spread(values),
    ...others.flatMap(([, samples]) => {
      const theirs = samples.get(figure);
      return theirs === undefined ? ['', ''] : [spread(theirs), (median(values) / median(theirs)).toFixed(2)];
    }),
  ]);
  return [['', 'llava', ...heads], ...rows];
}

/** The same for programs: all values. */
export function comparisonRecord(comparison: Comparison): Record<string, unknown> {
  return Object.fromEntries([...comparison].map(([name, samples]) => [name, Object.fromEntries(samples)]));
}
