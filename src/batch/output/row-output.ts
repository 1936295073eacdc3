import type { RowSink } from './output-file.js';

/** Brings rows into the order of the input, or lets them through as they come. */
export class RowOutput {
  readonly #sink: RowSink;
  readonly #onWritten: (index: number) => void;
  readonly #reorder: ReorderBuffer | undefined;
  /** Lines to be written next, those together that wait for the same turn. */
  #ready: PlacedLine[] = [];
  /** Writes, one after the other: rows are put by several at once. */
  #queue: Promise<void> = Promise.resolve();

  /** @param onWritten hears of each row that the sink has taken */
  constructor(sink: RowSink, unordered: boolean, onWritten: (index: number) => void = () => undefined) {
    this.#sink = sink;
    this.#onWritten = onWritten;
    this.#reorder = unordered ? undefined : new ReorderBuffer();
  }

  /** @param index place of the row in the input, from 0 */
  async put(index: number, line: string): Promise<void> {
    if (this.#reorder === undefined) this.#ready.push({ index, line });
    else this.#ready.push(...this.#reorder.put({ index, line }));
    await this.#inTurn(() => this.#writeReady());
  }

  async flush(): Promise<void> {
    await this.#inTurn(() => this.#sink.flush());
  }

  async finish(): Promise<void> {
    await this.#inTurn(() => this.#sink.finish());
  }

  async #writeReady(): Promise<void> {
    const lines = this.#ready;
    this.#ready = [];
    for (const { index, line } of lines) {
      await this.#sink.write(line);
      this.#onWritten(index);
    }
  }

  /** After a failure nothing more is written. */
  #inTurn(work: () => Promise<void>): Promise<void> {
    const turn = this.#queue.then(work);
    this.#queue = turn;
    turn.catch(() => undefined);
    return turn;
  }
}

interface PlacedLine {
  readonly index: number;
  readonly line: string;
}

/** Holds lines back until all before them are there. */
class ReorderBuffer {
  readonly #waiting = new Map<number, string>();
  #next = 0;

  /** Takes the line of position `index`, from 0, each once; gives back the lines whose turn has come. */
  *put({ index, line }: PlacedLine): Generator<PlacedLine> {
    this.#waiting.set(index, line);
    for (let ready = this.#take(); ready !== undefined; ready = this.#take()) yield ready;
  }

  #take(): PlacedLine | undefined {
    const line = this.#waiting.get(this.#next);
    if (line === undefined) return undefined;
    this.#waiting.delete(this.#next);
    return { index: this.#next++, line };
  }
}
