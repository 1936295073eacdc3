/** Drops white space at either end of a text that comes in pieces, as the reference's `strip()` does. */
export class TrimStream {
  #space = '';
  #started = false;

  /** The next piece; returns what can be told of it. */
  push(text: string): string {
    const whole = this.#space + text;
    const kept = this.#started ? whole.trimEnd() : whole.trim();
    if (kept === '') {
      this.#space = this.#started ? whole : '';
      return '';
    }
    this.#space = whole.slice(whole.trimEnd().length);
    this.#started = true;
    return kept;
  }
}
