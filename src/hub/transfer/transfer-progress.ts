/** How far one file has come. */
export interface TransferProgress {
  readonly file: string;
  readonly phase: 'downloading' | 'verifying' | 'waiting';
  /** Bytes that are here, those of earlier runs included. */
  readonly done: number;
  readonly total: number;
  /** Why nothing moves, such as `the hub asks to wait 30 s`. */
  readonly note?: string;
}

export type OnTransfer = (progress: TransferProgress) => void;

/** Reports come at most this often, in milliseconds, but for waits and the end. */
const REPORT_EVERY_MS = 50;

/** Reports how far one file has come, not too often. */
export class TransferReporter {
  readonly #file: string;
  readonly #total: number;
  readonly #onProgress: OnTransfer | undefined;
  #done = 0;
  #last = -Infinity;

  constructor(file: string, total: number, onProgress: OnTransfer | undefined) {
    this.#file = file;
    this.#total = total;
    this.#onProgress = onProgress;
  }

  come(done: number): void {
    this.#done = done;
    this.#reportNowAndThen('downloading', done);
  }

  verify(done: number): void {
    this.#reportNowAndThen('verifying', done);
  }

  wait(note: string): void {
    this.#report('waiting', this.#done, note);
  }

  end(): void {
    this.#report('downloading', this.#total);
  }

  #reportNowAndThen(phase: TransferProgress['phase'], done: number): void {
    if (performance.now() - this.#last >= REPORT_EVERY_MS) this.#report(phase, done);
  }

  #report(phase: TransferProgress['phase'], done: number, note?: string): void {
    this.#last = performance.now();
    this.#onProgress?.({
      file: this.#file,
      phase,
      done,
      total: this.#total,
      ...(note === undefined ? {} : { note }),
    });
  }
}
