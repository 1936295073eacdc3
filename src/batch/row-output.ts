import type { RowSink } from './output-file.js';
import { ReorderBuffer } from './reorder-buffer.js';

/** Brings rows into the order of the input, or lets them through as they come. */
export class RowOutput {
  readonly #sink: RowSink;
  readonly #reorder: ReorderBuffer | undefined;

  constructor(sink: RowSink, unordered: boolean) {
    this.#sink = sink;
    this.#reorder = unordered ? undefined : new ReorderBuffer();
  }

  /** @param index place of the row in the input, from 0 */
  async put(index: number, line: string): Promise<void> {
    if (this.#reorder === undefined) await this.#sink.write(line);
    else for (const ready of this.#reorder.put(index, line)) await this.#sink.write(ready);
  }

  async flush(): Promise<void> {
    await this.#sink.flush();
  }

  async finish(): Promise<void> {
    await this.#sink.finish();
  }
}
