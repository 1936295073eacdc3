import type { Benchmark } from './benchmark.js';
import type { EvalResult, Figure } from './eval-result.js';
import {
  describeModel,
  formatPublished,
  publishedFigures,
  reachesInto,
  type PublishedModel,
} from './published.js';

/** A measured figure beside a published one. */
export interface PublishedComparison {
  readonly figure: Figure;
  readonly model: PublishedModel;
  /** What sets it apart from another published figure of the model. */
  readonly detail?: string;
  readonly published: number;
  /** Plus or minus, where its publisher tells it. */
  readonly spread?: number;
  /** Measured minus published. */
  readonly difference: number;
  /** Whether the published figure, with its spread, reaches into the measured 95 % interval; undefined without one. */
  readonly inside: boolean | undefined;
}

/** Every figure of a result that has a published counterpart, model by model. */
export function compareWithPublished(
  result: EvalResult,
  benchmark: Benchmark,
): readonly PublishedComparison[] {
  const published = publishedFigures(benchmark);
  return [result.headline, ...result.figures].flatMap((figure) =>
    published
      .filter((one) => one.figure === figure.name)
      .map((one) => ({
        figure,
        model: one.model,
        ...(one.detail === undefined ? {} : { detail: one.detail }),
        published: one.value,
        ...(one.spread === undefined ? {} : { spread: one.spread }),
        difference: figure.value - one.value,
        inside: figure.interval === undefined ? undefined : reachesInto(one, figure.interval),
      })),
  );
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
    ...compareWithPublished(result, benchmark).map((compared) => {
      const { figure, published, difference, inside } = compared;
      return [
        figure.name,
        describeModel(compared),
        formatPublished({ ...compared, value: published }),
        valueOf(figure),
        `${difference < 0 ? '-' : '+'}${Math.abs(difference).toFixed(2)}`,
        inside === undefined ? 'no interval' : inside ? 'yes' : 'no',
      ];
    }),
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
