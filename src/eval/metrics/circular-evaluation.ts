/** MMBench adds a million to a question's index for every turn of its options. */
const TURN = 1_000_000;

/** Of all rows that are the same question with its options turned, whether each was right. */
export interface CircularScore {
  /** Questions of which every row is right. */
  readonly right: number;
  readonly questions: number;
}

/**
 * Circular evaluation: a question is right only when it is right in every order of its options.
 * Source: MMBench paper, section 4.1; rows of one question have the same `index mod 1,000,000`.
 */
export function scoreCircular(
  rows: Iterable<{ readonly index: number; readonly right: boolean }>,
): CircularScore {
  const questions = new Map<number, boolean>();
  for (const { index, right } of rows) {
    const question = questionOf(index);
    questions.set(question, right && (questions.get(question) ?? true));
  }
  return { right: [...questions.values()].filter(Boolean).length, questions: questions.size };
}

/** The question that a row turns the options of. */
export function questionOf(index: number): number {
  return index % TURN;
}

/** Whether this row shows the options in their first order. */
export function isFirstTurn(index: number): boolean {
  return index < TURN;
}
