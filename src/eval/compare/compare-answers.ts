import { meanInterval, meanOf, wilsonInterval, type Interval } from '../metrics/interval.js';
import { mcnemarProbability, pairedDifferenceInterval, type PairedCounts } from './paired-test.js';

/** What one of the two said to a question. */
export interface ComparedAnswer {
  readonly text: string;
  /** Natural logarithm of the answer's probability, where it is known. */
  readonly logLikelihood: number | undefined;
  /** Whether it is right, where that is known. */
  readonly isRight: boolean | undefined;
}

/** Both answers to a question; undefined for one that failed. */
export interface ComparedQuestion {
  readonly first: ComparedAnswer | undefined;
  readonly second: ComparedAnswer | undefined;
}

/** A share of the questions, 0 to 1. */
export interface Share {
  readonly count: number;
  readonly total: number;
  readonly share: number;
  readonly interval: Interval;
}

/** How two answerers differ on the same questions. */
export interface Comparison {
  readonly questions: number;
  /** Left out: one of the two failed. */
  readonly failed: number;
  /** Questions with the same answer, letter for letter but for white space at its ends. */
  readonly agreement: Share;
  /** Of answers that both gave: the second's log-likelihood minus the first's, mean and 95 % interval. */
  readonly logLikelihood:
    { readonly answers: number; readonly difference: number; readonly interval: Interval } | undefined;
  /** Of questions whose right answer is known. */
  readonly accuracy:
    | {
        readonly first: Share;
        readonly second: Share;
        /** Second minus first, -1 to 1. */
        readonly difference: number;
        readonly interval: Interval;
        readonly onlyFirst: number;
        readonly onlySecond: number;
        /** McNemar's exact probability. */
        readonly probability: number;
      }
    | undefined;
}

/** @param questions in any order, each with both answers */
export function compareAnswers(questions: readonly ComparedQuestion[]): Comparison {
  const both = questions.flatMap(({ first, second }) =>
    first === undefined || second === undefined ? [] : [{ first, second }],
  );
  const same = both.filter(({ first, second }) => isSame(first.text, second.text));
  const differences = same.flatMap(({ first, second }) =>
    first.logLikelihood === undefined || second.logLikelihood === undefined
      ? []
      : [second.logLikelihood - first.logLikelihood],
  );
  return {
    questions: questions.length,
    failed: questions.length - both.length,
    agreement: shareOf(same.length, both.length),
    logLikelihood:
      differences.length === 0
        ? undefined
        : {
            answers: differences.length,
            difference: meanOf(differences),
            interval: meanInterval(differences),
          },
    accuracy: accuracyOf(both),
  };
}

/** Whether an answer is one of those that are right: but for case, white space at its ends and a full stop. */
export function isExpected(text: string, expected: readonly string[]): boolean {
  const plain = (one: string) => one.trim().replace(/\.$/, '').toLowerCase();
  return expected.some((one) => plain(one) === plain(text));
}

export function isSame(first: string, second: string): boolean {
  return first.trim() === second.trim();
}

function accuracyOf(
  both: readonly { readonly first: ComparedAnswer; readonly second: ComparedAnswer }[],
): Comparison['accuracy'] {
  const judged = both.flatMap(({ first, second }) =>
    first.isRight === undefined || second.isRight === undefined
      ? []
      : [[first.isRight, second.isRight] as const],
  );
  if (judged.length === 0) return undefined;
  const count = (a: boolean, b: boolean) =>
    judged.filter(([first, second]) => first === a && second === b).length;
  const counts: PairedCounts = {
    bothRight: count(true, true),
    onlyFirst: count(true, false),
    onlySecond: count(false, true),
    bothWrong: count(false, false),
  };
  const { bothRight, onlyFirst, onlySecond } = counts;
  return {
    first: shareOf(bothRight + onlyFirst, judged.length),
    second: shareOf(bothRight + onlySecond, judged.length),
    difference: (onlySecond - onlyFirst) / judged.length,
    interval: pairedDifferenceInterval(counts),
    onlyFirst,
    onlySecond,
    probability: mcnemarProbability(counts),
  };
}

function shareOf(count: number, total: number): Share {
  return { count, total, share: total === 0 ? 0 : count / total, interval: wilsonInterval(count, total) };
}
