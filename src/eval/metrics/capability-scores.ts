/** A question's grades by run, each 0 to 1, and the capabilities it asks for. */
export interface GradedQuestion {
  readonly capabilities: readonly string[];
  readonly scores: readonly number[];
}

/** Means in per cent; `runs` has the total of each run. */
export interface CapabilityScores {
  readonly total: number;
  /** Standard deviation of the runs' totals, over n as numpy's. */
  readonly deviation: number;
  readonly runs: readonly number[];
  /** Most frequent capability first; `total` questions ask for it. */
  readonly capabilities: readonly { readonly name: string; readonly value: number; readonly total: number }[];
}

/**
 * MM-Vet's total and the means by capability: a question counts for each capability it asks for.
 * Source: `export_result` of `mm-vet_evaluator.py` in yuweihao/MM-Vet.
 * @param runs how many runs there are; every question has a score of each
 */
export function scoreCapabilities(questions: readonly GradedQuestion[], runs: number): CapabilityScores {
  const perRun = Array.from({ length: runs }, (_, run) => percentOf(questions, run));
  const total = mean(perRun);
  const names = [...new Set(questions.flatMap(({ capabilities }) => capabilities))];
  return {
    total,
    deviation: Math.sqrt(mean(perRun.map((value) => (value - total) ** 2))),
    runs: perRun,
    capabilities: names
      .map((name) => {
        const some = questions.filter(({ capabilities }) => capabilities.includes(name));
        const values = Array.from({ length: runs }, (_, run) => percentOf(some, run));
        return { name, value: mean(values), total: some.length };
      })
      .sort((a, b) => b.total - a.total),
  };
}

/** A grade as the judge writes it: its first word, a number from 0 to 1; undefined otherwise. Source: as above. */
export function parseGrade(text: string): number | undefined {
  const word = (text.split(' ', 1)[0] ?? '').trim();
  const grade = /^\d*\.?\d+$|^\d+\.$/.test(word) ? Number(word) : undefined;
  return grade !== undefined && grade <= 1 ? grade : undefined;
}

function percentOf(questions: readonly GradedQuestion[], run: number): number {
  return 100 * mean(questions.map(({ scores }) => scores[run] ?? 0));
}

function mean(values: readonly number[]): number {
  return values.length === 0 ? 0 : values.reduce((sum, value) => sum + value, 0) / values.length;
}
