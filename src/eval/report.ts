import type { Benchmark, PublishedModel } from './benchmark.js';
import type { EvalResult, Figure } from './eval-result.js';

/** A measured figure beside a published one. */
export interface PublishedComparison {
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
export function compareWithPublished(
  result: EvalResult,
  benchmark: Benchmark,
): readonly PublishedComparison[] {
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

/** A result as rows of cells, header first. */
export function figureRows({ headline, figures }: EvalResult): readonly (readonly string[])[] {
  return [
    ['FIGURE', 'VALUE', '95 %', 'OF'],
    ...[headline, ...figures].map((figure) => [
      figure.name,
      valueOf(figure),
      intervalOf(figure),
      figure.right === undefined ? String(figure.total) : `${figure.right}/${figure.total}`,
    ]),
  ];
}

/** What was measured beside what was published, as rows of cells; the header alone where nothing was. */
export function comparisonRows(result: EvalResult, benchmark: Benchmark): readonly (readonly string[])[] {
  return [
    ['FIGURE', 'MODEL', 'PUBLISHED', 'HERE', 'DIFFERENCE', 'WITHIN 95 %'],
    ...compareWithPublished(result, benchmark).map(({ figure, model, published, difference, inside }) => [
      figure.name,
      model,
      published.toFixed(1),
      valueOf(figure),
      `${difference < 0 ? '-' : '+'}${Math.abs(difference).toFixed(2)}`,
      inside === undefined ? 'no interval' : inside ? 'yes' : 'no',
    ]),
  ];
}

function valueOf({ value, unit }: Figure): string {
  return `${value.toFixed(2)}${unit === '%' ? ' %' : ''}`;
}

function intervalOf({ interval }: Figure): string {
  if (interval === undefined) return '';
  const [low, high] = interval;
  return `${low.toFixed(2)} to ${high.toFixed(2)}`;
}
