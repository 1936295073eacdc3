/** Gain in answers a second that is worth more questions at once. */
const WORTH = 1.05;
/** Rounds without a gain after which more is tried again: servers change. */
const PATIENCE = 8;

/**
 * How many questions a server is asked at once: more for as long as more are answered in the same time, half as many when it
 * says that it has too much to do.
 */
export class AdaptiveLimit {
  readonly #most: number;
  #value: number;
  /** Of the round that runs: a round is as many answers as the limit. */
  #answers = 0;
  #roundStart = performance.now();
  #bestRate = 0;
  #roundsWithoutGain = 0;
  #loweredAt = -Infinity;

  constructor(start: number, most: number) {
    this.#value = Math.min(start, most);
    this.#most = most;
  }

  get value(): number {
    return this.#value;
  }

  /** @param wasFull whether more could have been asked at that time */
  answered(wasFull: boolean): void {
    if (!wasFull) {
      this.#startRound();
      return;
    }
    this.#answers++;
    if (this.#answers < this.#value) return;
    const rate = this.#answers / (performance.now() - this.#roundStart);
    if (rate > this.#bestRate * WORTH || ++this.#roundsWithoutGain >= PATIENCE) {
      this.#bestRate = rate;
      this.#roundsWithoutGain = 0;
      this.#value = Math.min(this.#most, Math.ceil(this.#value * 1.25));
    }
    this.#startRound();
  }

  /** @param askedAt `performance.now()` of the question that was one too many: those asked before the last halving say nothing new */
  overloaded(askedAt: number): void {
    if (askedAt < this.#loweredAt) return;
    this.#value = Math.max(1, Math.floor(this.#value / 2));
    this.#bestRate = 0;
    this.#loweredAt = performance.now();
    this.#startRound();
  }

  #startRound(): void {
    this.#answers = 0;
    this.#roundStart = performance.now();
  }
}
