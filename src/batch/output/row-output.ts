import type { RowSink } from './output-file.js';

/** Brings rows into the order of the input, or lets them through as they come. */
export class RowOutput {
  readonly #sink: RowSink;
  readonly #reorder: ReorderBuffer | undefined;
  /** Writes, one after the other: rows are put by several at once. */
  #queue: Promise<void> = Promise.resolve();

  constructor(sink: RowSink, unordered: boolean) {
    this.#sink = sink;
    this.#reorder = unordered ? undefined : new ReorderBuffer();
  }

  /** @param index place of the row in the input, from 0 */
  async put(index: number, line: string): Promise<void> {
    await this.#inTurn(async () => {
      if (this.#reorder === undefined) await this.#sink.write(line);
      else for (const ready of this.#reorder.put(index, line)) await this.#sink.write(ready);
    });
  }

  async flush(): Promise<void> {
    await this.#inTurn(() => this.#sink.flush());
  }

  async finish(): Promise<void> {
    await this.#inTurn(() => this.#sink.finish());
  }

  /** After a failure nothing more is written. */
  #inTurn(work: () => Promise<void>): Promise<void> {
    const turn = this.#queue.then(work);
    this.#queue = turn;
    turn.catch(() => undefined);
    return turn;
  }
}

/** Holds lines back until all before them are there. */
class ReorderBuffer {
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
