/**
 * Yes or no as POPE's scorer reads it: `no` when one of the words before the first full stop is "No", "no" or "not",
 * else `yes`. Source: `llava/eval/eval_pope.py`. Quirks that are kept: "NO", "Nope" and an empty answer count as yes.
 */
export function parseYesOrNo(text: string): 'yes' | 'no' {
  const [sentence = ''] = text.split('.', 1);
  const words = sentence.replaceAll(',', '').split(' ');
  return words.some((word) => word === 'No' || word === 'not' || word === 'no') ? 'no' : 'yes';
}

/** How often yes and no were said where yes and no are right. */
export interface YesNoCounts {
  readonly truePositive: number;
  readonly falsePositive: number;
  readonly trueNegative: number;
  readonly falseNegative: number;
}

/** All of them between 0 and 1; 0 where nothing is counted. */
export interface YesNoScores {
  readonly accuracy: number;
  readonly precision: number;
  readonly recall: number;
  readonly f1: number;
  /** Share of all answers that say yes. */
  readonly yesRatio: number;
}

/** Counts answers against labels; "yes" is the positive class. */
export function countYesNo(pairs: Iterable<readonly [said: 'yes' | 'no', label: 'yes' | 'no']>): YesNoCounts {
  const counts = { truePositive: 0, falsePositive: 0, trueNegative: 0, falseNegative: 0 };
  for (const [said, label] of pairs) {
    if (said === 'yes') counts[label === 'yes' ? 'truePositive' : 'falsePositive']++;
    else counts[label === 'no' ? 'trueNegative' : 'falseNegative']++;
  }
  return counts;
}

/** Accuracy, precision, recall, F1 and yes ratio. Source: `llava/eval/eval_pope.py`. */
export function scoreYesNo(counts: YesNoCounts): YesNoScores {
  const { truePositive, falsePositive, trueNegative, falseNegative } = counts;
  const all = truePositive + falsePositive + trueNegative + falseNegative;
  const precision = share(truePositive, truePositive + falsePositive);
  const recall = share(truePositive, truePositive + falseNegative);
  return {
    accuracy: share(truePositive + trueNegative, all),
    precision,
    recall,
    f1: share(2 * precision * recall, precision + recall),
    yesRatio: share(truePositive + falsePositive, all),
  };
}

function share(part: number, whole: number): number {
  return whole === 0 ? 0 : part / whole;
}
