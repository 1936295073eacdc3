/**
 * Ends an answer before the first of some texts, in whatever pieces it arrives: what could still become one of them is
 * held back.
 */
export class StopTexts {
  readonly #texts: readonly string[];
  #held = '';
  #isFound = false;

  constructor(texts: readonly string[] = []) {
    this.#texts = texts;
  }

  /** Whether one of the texts has come. */
  get isFound(): boolean {
    return this.#isFound;
  }

  /** The next piece of the answer; returns what can be told of it. */
  push(piece: string): string {
    if (this.#texts.length === 0) return piece;
    this.#held += piece;
    const places = this.#texts.map((text) => this.#held.indexOf(text)).filter((place) => place !== -1);
    this.#isFound = places.length > 0;
    const told = this.#isFound ? Math.min(...places) : this.#held.length - this.#heldBack();
    const text = this.#held.slice(0, told);
    this.#held = this.#isFound ? '' : this.#held.slice(told);
    return text;
  }

  /** What was held back and turned out to be the answer. */
  end(): string {
    const rest = this.#held;
    this.#held = '';
    return rest;
  }

  /** Length of the longest end that one of the texts begins with. */
  #heldBack(): number {
    const longest = Math.max(...this.#texts.map((text) => text.length - 1));
    for (let length = Math.min(longest, this.#held.length); length > 0; length--) {
      const end = this.#held.slice(-length);
      if (this.#texts.some((text) => text.startsWith(end))) return length;
    }
    return 0;
  }
}
