import { normaliseAnswer, normaliseVqaAnswer, removeVqaPunctuation } from './evalai-normaliser.js';

/** This many people must agree for a full score. */
const ENOUGH = 3;

/**
 * Accuracy (0 to 1) of one answer against those of ten people, both normalised as EvalAI does.
 * Source: `TextVQAAccuracyEvaluator` in `llava/eval/m4c_evaluator.py`.
 */
export function textVqaAccuracy(answer: string, people: readonly string[]): number {
  return leaveOneOut(normaliseAnswer(answer), mapOnce(people, normaliseAnswer));
}

/**
 * Accuracy (0 to 1) of one answer by the rules of VQAv2.
 * Source: `vqaEval.py` of GT-Vision-Lab/VQA. Quirks that are kept: people's answers lose their punctuation only when
 * not all of them are the same, and never their articles or number words.
 */
export function vqaAccuracy(answer: string, people: readonly string[]): number {
  const differ = new Set(people).size > 1;
  return leaveOneOut(normaliseVqaAnswer(answer), differ ? mapOnce(people, removeVqaPunctuation) : people);
}

/** People often say the same: each of their answers is worked on once. */
function mapOnce(people: readonly string[], work: (answer: string) => string): readonly string[] {
  const done = new Map<string, string>();
  return people.map((answer) => {
    const known = done.get(answer) ?? work(answer);
    done.set(answer, known);
    return known;
  });
}

/** Mean over all sets that leave one person out of `min(1, others who said the same / 3)`. */
function leaveOneOut(answer: string, people: readonly string[]): number {
  if (people.length === 0) return 0;
  let same = 0;
  for (const other of people) if (other === answer) same++;
  const leftOut = Math.min(1, Math.max(0, same - 1) / ENOUGH);
  const leftIn = Math.min(1, same / ENOUGH);
  return (same * leftOut + (people.length - same) * leftIn) / people.length;
}
