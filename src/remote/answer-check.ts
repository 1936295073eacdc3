import { quote } from '../llava/quote.js';

/** Answers of a second engine to some of the questions, and how many said something else. */
export class AnswerCheck {
  readonly #most: number;
  readonly #onNote: (text: string) => void;
  #begun = 0;
  #compared = 0;
  #different = 0;

  /** @param most questions that are asked twice */
  constructor(most: number, onNote: (text: string) => void) {
    this.#most = most;
    this.#onNote = onNote;
  }

  /** Whether this question is one to ask twice; it is counted then. */
  begin(): boolean {
    if (this.#begun >= this.#most) return false;
    this.#begun++;
    return true;
  }

  compare(request: string, first: CheckedAnswer, second: CheckedAnswer): void {
    this.#compared++;
    if (first.text === second.text) return;
    this.#different++;
    this.#onNote(
      `Different answers to ${quote(request, 120)}: ${quote(first.text)} by ${first.by}, ${quote(second.text)} by ${second.by}.`,
    );
  }

  /** How many were the same; undefined when nothing was compared or to be. */
  summary(): string | undefined {
    if (this.#most === 0) return undefined;
    const equal = this.#compared - this.#different;
    return `${equal} of ${this.#compared} answers that were asked for twice are the same.`;
  }
}

/** What one engine said. */
export interface CheckedAnswer {
  readonly text: string;
  readonly by: string;
}
