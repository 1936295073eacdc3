/** The scores a judge gave to the reference and to the model, 1 to 10. */
export type JudgePair = readonly [reference: number, model: number];

/** What an unreadable review counts as. */
const UNREADABLE: JudgePair = [-1, -1];

/**
 * The two scores in the first line of a review, `[-1, -1]` when it does not have exactly two.
 * Source: `parse_score` of `llava/eval/eval_gpt_review_bench.py`; a comma is a space, and two spaces make three parts.
 */
export function parseJudgePair(review: string): JudgePair {
  const parts = (review.split('\n', 1)[0] ?? '').replaceAll(',', ' ').split(' ');
  const [first, second] = parts.map(pythonFloat);
  return parts.length === 2 && first !== undefined && second !== undefined ? [first, second] : UNREADABLE;
}

/**
 * The model's mean score relative to the reference's, in per cent.
 * Source: `llava/eval/summarize_gpt_review.py`. Quirks that are kept: unreadable reviews stay in with -1 for both,
 * and both means are rounded to three digits first.
 */
export function relativeScore(pairs: readonly JudgePair[]): number {
  const mean = (side: 0 | 1) => {
    const sum = pairs.reduce((total, pair) => total + pair[side], 0);
    return Math.round((sum / pairs.length) * 1000) / 1000;
  };
  return pairs.length === 0 ? 0 : (100 * mean(1)) / mean(0);
}

function pythonFloat(text: string): number | undefined {
  return /^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/i.test(text.trim()) ? Number(text) : undefined;
}
