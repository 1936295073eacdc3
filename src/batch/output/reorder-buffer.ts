/** Holds lines back until all before them are there. */
export class ReorderBuffer {
  readonly #waiting = new Map<number, string>();
  #next = 0;

  /** Lines that wait. */
  get size(): number {
    return this.#waiting.size;
  }

  /** Takes the line of position `index`, from 0, each once; gives back the lines whose turn has come. */
  *put(index: number, line: string): Generator<string> {
    this.#waiting.set(index, line);
    for (let ready = this.#take(); ready !== undefined; ready = this.#take()) yield ready;
  }

  #take(): string | undefined {
    const line = this.#waiting.get(this.#next);
    if (line !== undefined) this.#waiting.delete(this.#next++);
    return line;
  }
}
