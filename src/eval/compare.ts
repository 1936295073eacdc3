import type { Benchmark, PublishedModel } from './benchmark.js';
import type { EvalResult, Figure } from './eval-result.js';

/** A measured figure beside a published one. */
export interface Comparison {
  readonly figure: Figure;
  readonly model: PublishedModel;
  readonly published: number;
  /** Measured minus published. */
  readonly difference: number;
  /** Whether the published figure lies in the measured 95 % interval; undefined without an interval. */
  readonly inside: boolean | undefined;
}

/** Half of the last digit that is published: 85.9 may be anything from 85.85. */
const ROUNDING = 0.05;

/** Every figure of a result that has a published counterpart, model by model. */
export function compareWithPublished(result: EvalResult, benchmark: Benchmark): readonly Comparison[] {
  return [result.headline, ...result.figures].flatMap((figure) =>
    Object.entries(benchmark.published[figure.name] ?? {}).map(([model, published]) => ({
      figure,
      model: model as PublishedModel,
      published,
      difference: figure.value - published,
      inside: isInside(published, figure),
    })),
  );
}

function isInside(published: number, { interval }: Figure): boolean | undefined {
  if (interval === undefined) return undefined;
  const [low, high] = interval;
  return published >= low - ROUNDING && published <= high + ROUNDING;
}
