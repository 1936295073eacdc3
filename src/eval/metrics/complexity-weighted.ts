/** A judge's score (0 to 1) of an answer with its reasoning. */
export interface ReasoningScore {
  readonly complexity: 'moderate' | 'high';
  readonly score: number;
}

/**
 * The figure of CORE-MM (InfiMM-Eval) in per cent: questions of high complexity count twice.
 * Source: arXiv 2311.11567, section 4.
 */
export function complexityWeighted(scores: readonly ReasoningScore[]): number {
  const weight = ({ complexity }: ReasoningScore) => (complexity === 'high' ? 2 : 1);
  const all = scores.reduce((sum, one) => sum + weight(one), 0);
  const reached = scores.reduce((sum, one) => sum + weight(one) * one.score, 0);
  return all === 0 ? 0 : (100 * reached) / all;
}
