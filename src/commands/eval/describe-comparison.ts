import type { Comparison, Share } from '../../eval/compare/compare-answers.js';
import type { Interval } from '../../eval/metrics/interval.js';
import { formatTable } from '../../terminal/table.js';

type Names = readonly [first: string, second: string];

/** The result for programs. */
export function comparisonRecord([first, second]: Names, comparison: Comparison): object {
  return { first, second, ...comparison };
}

/** The result for people. */
export function describeComparison([first, second]: Names, comparison: Comparison): string {
  const { questions, failed, agreement, logLikelihood, accuracy } = comparison;
  const rows: (readonly string[])[] = [
    ['FIGURE', 'VALUE', '95 %', 'OF'],
    ['same answer', ...shareCells(agreement)],
  ];
  if (logLikelihood !== undefined) {
    const { difference, interval, answers } = logLikelihood;
    rows.push([
      'log-likelihood of the same answers, B − A',
      signed(difference, 3),
      range(interval, 3),
      String(answers),
    ]);
  }
  if (accuracy !== undefined) {
    const { difference, interval } = accuracy;
    const [low, high] = interval;
    rows.push(
      ['accuracy of A', ...shareCells(accuracy.first)],
      ['accuracy of B', ...shareCells(accuracy.second)],
      [
        'accuracy, B − A',
        `${signed(100 * difference, 2)} %`,
        range([100 * low, 100 * high], 2),
        String(accuracy.first.total),
      ],
    );
  }
  const head = `A: ${first}\nB: ${second}\n${questions} questions${failed === 0 ? '' : `, ${failed} left out because an answer failed`}\n\n`;
  return head + formatTable(rows) + verdictOf(accuracy);
}

function verdictOf(accuracy: Comparison['accuracy']): string {
  if (accuracy === undefined)
    return '\nWhat is right is not known: give rows "expected", or use a benchmark.\n';
  const { onlyFirst, onlySecond, probability } = accuracy;
  const told = probability < 0.0001 ? 'below 0.0001' : probability.toFixed(4);
  const meaning =
    probability < 0.05
      ? 'the difference is hardly chance'
      : 'a difference like this may well be chance; more questions would tell';
  return `\nOnly A is right ${onlyFirst} times, only B ${onlySecond} times. McNemar’s exact test: p ${told}; ${meaning}.\n`;
}

function shareCells({ count, total, share, interval: [low, high] }: Share): readonly string[] {
  return [`${(100 * share).toFixed(2)} %`, range([100 * low, 100 * high], 2), `${count}/${total}`];
}

function signed(value: number, digits: number): string {
  return `${value < 0 ? '-' : '+'}${Math.abs(value).toFixed(digits)}`;
}

function range([low, high]: Interval, digits: number): string {
  return `${low.toFixed(digits)} to ${high.toFixed(digits)}`;
}
