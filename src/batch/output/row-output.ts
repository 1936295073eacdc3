import type { RowSink } from './output-file.js';
import { ReorderBuffer } from './reorder-buffer.js';

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
