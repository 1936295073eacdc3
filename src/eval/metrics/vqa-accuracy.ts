import { normaliseAnswer, normaliseVqaAnswer, removeVqaPunctuation } from './evalai-normaliser.js';

/** This many people must agree for a full score. */
const ENOUGH = 3;

/** Accuracy (0 to 1) of one answer against those of ten people. */
export type VqaScorer = (answer: string, people: readonly string[]) => number;

/**
 * Scores by the rules of TextVQA: all answers normalised as EvalAI does.
 * Source: `TextVQAAccuracyEvaluator` in `llava/eval/m4c_evaluator.py`.
 */
export function textVqaScorer(): VqaScorer {
  const normalise = memoized(normaliseAnswer);
  return (answer, people) => leaveOneOut(normalise(answer), people.map(normalise));
}

/**
 * Scores by the rules of VQAv2.
 * Source: `vqaEval.py` of GT-Vision-Lab/VQA. Quirks that are kept: people's answers lose their punctuation only when
 * not all of them are the same, and never their articles or number words.
 */
export function vqaScorer(): VqaScorer {
  const normalise = memoized(normaliseVqaAnswer);
  const clean = memoized(removeVqaPunctuation);
  return (answer, people) => {
    const differ = people.some((other) => other !== people[0]);
    return leaveOneOut(normalise(answer), differ ? people.map(clean) : people);
  };
}

/** One answer by the rules of TextVQA; for many, make a scorer. */
export function textVqaAccuracy(answer: string, people: readonly string[]): number {
  return textVqaScorer()(answer, people);
}

/** One answer by the rules of VQAv2; for many, make a scorer. */
export function vqaAccuracy(answer: string, people: readonly string[]): number {
  return vqaScorer()(answer, people);
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

/** Most texts remembered at once, so that a file of any size fits the memory. */
const MOST = 100_000;

/** The same function, which works on each text once: people often give the same answer. */
export function memoized(work: (text: string) => string): (text: string) => string {
  const known = new Map<string, string>();
  return (text) => {
    const before = known.get(text);
    if (before !== undefined) return before;
    if (known.size >= MOST) known.clear();
    const result = work(text);
    known.set(text, result);
    return result;
  };
}
