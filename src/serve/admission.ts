import { RequestProblem } from './request-problem.js';

/** Lets in as many requests as can be answered soon; the engine answers them in the order they came. */
export class Admission {
  readonly #most: number;
  #inside = 0;

  /** @param most requests inside, those that wait for the engine included */
  constructor(most: number) {
    this.#most = most;
  }

  get inside(): number {
    return this.#inside;
  }

  /** @throws RequestProblem 503 when too many are inside */
  enter(): Disposable {
    if (this.#inside >= this.#most)
      throw new RequestProblem(503, `${this.#inside} requests are waiting already. Try again later.`, {
        code: 'overloaded',
        retryAfter: 1,
      });
    this.#inside++;
    return {
      [Symbol.dispose]: () => {
        this.#inside--;
      },
    };
  }
}
