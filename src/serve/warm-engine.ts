import type { Engine } from '../engine/engine.js';

/** An engine lent to one request, to be given back. */
export interface LentEngine extends Disposable {
  readonly engine: Engine;
}

/** Holds an engine between requests: loads it for the first one, and lets it go when nobody has asked for a while. */
export class WarmEngine implements AsyncDisposable {
  readonly #open: () => Promise<Engine>;
  readonly #idleLimitMs: number | undefined;
  #engine: Promise<Engine> | undefined;
  #isLoaded = false;
  #users = 0;
  #timer: NodeJS.Timeout | undefined;

  /** @param idleLimitMs after which an engine that nobody uses is let go; undefined keeps it */
  constructor(open: () => Promise<Engine>, idleLimitMs?: number) {
    this.#open = open;
    this.#idleLimitMs = idleLimitMs;
  }

  /** Whether the weights are loaded. */
  get isLoaded(): boolean {
    return this.#isLoaded;
  }

  /**
   * The engine, loaded now if it is not there; it stays while it is lent.
   * @throws what opening throws; the next request tries again
   */
  async lend(): Promise<LentEngine> {
    clearTimeout(this.#timer);
    this.#users++;
    const opening = (this.#engine ??= this.#load());
    try {
      const engine = await opening;
      return {
        engine,
        [Symbol.dispose]: () => {
          this.#giveBack();
        },
      };
    } catch (error) {
      if (this.#engine === opening) this.#engine = undefined;
      this.#giveBack();
      throw error;
    }
  }

  async #load(): Promise<Engine> {
    const engine = await this.#open();
    this.#isLoaded = true;
    return engine;
  }

  #giveBack(): void {
    this.#users--;
    if (this.#users > 0 || this.#idleLimitMs === undefined) return;
    this.#timer = setTimeout(() => {
      this.#letGo().catch(() => undefined);
    }, this.#idleLimitMs);
    this.#timer.unref();
  }

  async #letGo(): Promise<void> {
    const engine = this.#engine;
    this.#engine = undefined;
    this.#isLoaded = false;
    const opened = await engine?.catch(() => undefined);
    await opened?.[Symbol.asyncDispose]();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearTimeout(this.#timer);
    await this.#letGo();
  }
}
