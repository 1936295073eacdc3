import type { Benchmark } from './benchmark.js';
import { compareWithPublished } from './compare.js';
import type { EvalResult, Figure } from './eval-result.js';

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
