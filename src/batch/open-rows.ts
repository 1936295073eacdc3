import { resultUntilAborted } from '../flow/until-aborted.js';
import type { AskableRow } from './prepare-row.js';
import type { FailedRow } from './rows/batch-row.js';

/** Where a row stands in the output, from 0. */
export interface Placed<Row> {
  readonly index: number;
  readonly row: Row;
}

export type PlannedRow = Placed<AskableRow | FailedRow>;

/** How much of the input is open at once: read, and not yet written. */
export interface OpenLimits {
  readonly maxOpenRows: number;
  /** Of lines and of pictures held in memory. */
  readonly maxOpenBytes: number;
}

/**
 * Counts the rows that are open, and lets further ones in as there is room. A row that takes long holds back those behind it
 * only when that many of them wait to be written after it.
 */
export class OpenRows {
  readonly #limits: OpenLimits;
  /** Bytes by index. */
  readonly #open = new Map<number, number>();
  #bytes = 0;
  #next = 0;
  #wake: () => void = () => undefined;

  constructor(limits: OpenLimits) {
    this.#limits = limits;
  }

  /**
   * Lets rows in, in order. One is always let in, however large.
   * @throws what `signal` was aborted with, also while there is no room
   */
  async *admit(
    rows: AsyncIterable<AskableRow | FailedRow>,
    signal: AbortSignal,
  ): AsyncGenerator<PlannedRow, undefined> {
    for await (const row of rows) {
      while (!this.#hasRoom()) await resultUntilAborted(this.#written(), signal);
      const index = this.#next++;
      const bytes = heldBytes(row);
      this.#open.set(index, bytes);
      this.#bytes += bytes;
      yield { index, row };
    }
  }

  /** That row is in the output: it is open no more. */
  close(index: number): void {
    this.#bytes -= this.#open.get(index) ?? 0;
    this.#open.delete(index);
    this.#wake();
  }

  #hasRoom(): boolean {
    const { maxOpenRows, maxOpenBytes } = this.#limits;
    return this.#open.size === 0 || (this.#open.size < maxOpenRows && this.#bytes < maxOpenBytes);
  }

  #written(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }
}

/** What a row takes in memory: its line and, where it is held, its picture. */
export function heldBytes(row: AskableRow | FailedRow): number {
  return 'error' in row ? row.bytes : row.row.bytes + (row.picture.bytes?.length ?? 0);
}
