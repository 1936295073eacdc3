/** Samples older than this no longer count, in milliseconds. */
const WINDOW_MS = 8000;

/** Bytes per second over the last seconds, and the time that is left at that rate. */
export class TransferRate {
  readonly #samples: { readonly at: number; readonly done: number }[] = [];

  /** @param at milliseconds on a steady clock; @param done bytes that are here */
  add(at: number, done: number): void {
    this.#samples.push({ at, done });
    while ((this.#samples[0]?.at ?? at) < at - WINDOW_MS) this.#samples.shift();
  }

  /** Undefined until a second has been seen. */
  get bytesPerSecond(): number | undefined {
    const [first, last] = [this.#samples[0], this.#samples.at(-1)];
    if (first === undefined || last === undefined || last.at - first.at < 1000) return undefined;
    return Math.max(0, ((last.done - first.done) * 1000) / (last.at - first.at));
  }

  /** Undefined while nothing moves. */
  secondsLeft(total: number): number | undefined {
    const rate = this.bytesPerSecond;
    const done = this.#samples.at(-1)?.done;
    return rate === undefined || rate === 0 || done === undefined ? undefined : (total - done) / rate;
  }
}
