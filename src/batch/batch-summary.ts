import type { RowErrorCode } from './rows/row-error.js';

/** What became of a batch, so far or in the end. */
export interface BatchSummary {
  /** Rows read whose outcome is known: the sum of the four below. */
  readonly rows: number;
  /** Answered by the engine in this run. */
  readonly answered: number;
  /** Same question as another row of this run: its answer again. */
  readonly repeated: number;
  /** Answered, or failed, in an earlier run. */
  readonly resumed: number;
  /** Failed in this run. */
  readonly failed: number;
  /** Rows without an answer by code, those of earlier runs included. */
  readonly errors: Readonly<Partial<Record<RowErrorCode, number>>>;
  /** Pictures shown to the engine; one that comes again much later counts again. */
  readonly pictures: number;
  /** Of the input, in lines of the rows above; and of those, what earlier runs did. */
  readonly bytes: { readonly done: number; readonly resumed: number };
  /** Undefined when the input was read to its end. */
  readonly stopped: 'interrupted' | 'too-many-errors' | undefined;
}

/** How a row came to its outcome. */
export type RowOrigin = 'answered' | 'repeated' | 'resumed' | 'failed';

/** Counts rows as they are settled. */
export class BatchCount {
  readonly #origins: Record<RowOrigin, number> = { answered: 0, repeated: 0, resumed: 0, failed: 0 };
  readonly #errors = new Map<RowErrorCode, number>();
  readonly #bytes = { done: 0, resumed: 0 };
  #pictures = 0;

  get failed(): number {
    return this.#origins.failed;
  }

  /** @param bytes of the row's line */
  add(origin: RowOrigin, bytes: number, error?: RowErrorCode): void {
    this.#origins[origin]++;
    this.#bytes.done += bytes;
    if (origin === 'resumed') this.#bytes.resumed += bytes;
    if (error !== undefined) this.#errors.set(error, (this.#errors.get(error) ?? 0) + 1);
  }

  addPicture(): void {
    this.#pictures++;
  }

  summary(stopped?: BatchSummary['stopped']): BatchSummary {
    const { answered, repeated, resumed, failed } = this.#origins;
    return {
      rows: answered + repeated + resumed + failed,
      ...this.#origins,
      errors: Object.fromEntries(this.#errors),
      pictures: this.#pictures,
      bytes: { ...this.#bytes },
      stopped,
    };
  }
}
