import { setTimeout as sleep } from 'node:timers/promises';
import { FailedTry } from './failed-try.js';
import type { Pace } from './pace.js';

export interface PatienceOptions {
  readonly pace: Pace;
  readonly signal?: AbortSignal | undefined;
  /** Told why nothing moves before each wait. */
  readonly onWait?: ((note: string) => void) | undefined;
  /** Grows with each byte that comes in, on any connection: while it grows nothing is given up. */
  readonly progress?: () => number;
}

/** Tries again after failures that may pass, later each time, until too many in a row brought nothing. */
export class Patience {
  #failures = 0;
  #vain = 0;
  #progress = 0;
  readonly #options: PatienceOptions;

  constructor(options: PatienceOptions) {
    this.#options = options;
  }

  /** What this connection asked for came: the next failure is the first again. */
  renew(): void {
    this.#failures = 0;
    this.#vain = 0;
  }

  /**
   * Waits before the next try.
   * @throws what was given when it is no `FailedTry`, the last of its tries, or asks for too long a wait
   */
  async wait(error: unknown): Promise<void> {
    const { pace, signal, onWait, progress } = this.#options;
    signal?.throwIfAborted();
    if (!(error instanceof FailedTry)) throw error;
    const now = progress?.() ?? 0;
    this.#vain = now > this.#progress ? 1 : this.#vain + 1;
    this.#progress = now;
    this.#failures++;
    if (this.#vain >= pace.tries || (error.askedMs ?? 0) > pace.longestAskedMs) throw error;
    const delay = Math.max(error.askedMs ?? 0, backoff(this.#failures, pace));
    const seconds = Math.ceil(delay / 1000);
    onWait?.(`${error.message}; next try in ${seconds} s`);
    await sleep(delay, undefined, { signal }).catch((reason: unknown) => {
      signal?.throwIfAborted();
      throw reason;
    });
  }

  /** Runs `attempt` until it succeeds. */
  async run<T>(attempt: () => Promise<T>): Promise<T> {
    for (;;) {
      try {
        return await attempt();
      } catch (error) {
        await this.wait(error);
      }
    }
  }
}

/** Wait before the try after `failures` in a row: doubles each time, and a random half keeps clients apart. */
export function backoff(failures: number, pace: Pace, random = Math.random()): number {
  const longest = Math.min(pace.longestWaitMs, pace.firstWaitMs * 2 ** Math.max(0, failures - 1));
  return longest * (0.5 + random / 2);
}
