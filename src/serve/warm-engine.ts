import type { Engine } from '../engine/engine.js';

/** Pictures whose features stay in memory; those of 7B take 9 MB each. */
export const KEPT_PICTURES = 32;

/** An engine lent to one request, to be given back. */
export interface LentEngine<Opened extends Engine = Engine> extends Disposable {
  readonly engine: Opened;
}

/** Holds an engine between requests: loads it for the first one, and lets it go when nobody has asked for a while. */
export class WarmEngine<Opened extends Engine = Engine> implements AsyncDisposable {
  /** Milliseconds after which an engine that nobody uses is let go; undefined keeps it. */
  idleLimitMs: number | undefined;
  readonly #open: () => Promise<Opened>;
  readonly #onLetGo: () => void;
  #opening: Promise<Opened> | undefined;
  #engine: Opened | undefined;
  #users = 0;
  #idleSince = performance.now();
  #timer: NodeJS.Timeout | undefined;

  /** @param onLetGo hears when nobody has asked for a while */
  constructor(open: () => Promise<Opened>, idleLimitMs?: number, onLetGo: () => void = () => undefined) {
    this.#open = open;
    this.idleLimitMs = idleLimitMs;
    this.#onLetGo = onLetGo;
  }

  /** The engine, if its weights are loaded. */
  get loaded(): Opened | undefined {
    return this.#engine;
  }

  /** Whether the weights are loaded. */
  get isLoaded(): boolean {
    return this.#engine !== undefined;
  }

  /** Requests that use it. */
  get users(): number {
    return this.#users;
  }

  /** Milliseconds since the last request; 0 while there is one. */
  get idleMs(): number {
    return this.#users > 0 ? 0 : performance.now() - this.#idleSince;
  }

  /**
   * The engine, loaded now if it is not there; it stays while it is lent.
   * @throws what opening throws; the next request tries again
   */
  async lend(): Promise<LentEngine<Opened>> {
    clearTimeout(this.#timer);
    this.#users++;
    const opening = (this.#opening ??= this.#load());
    try {
      const engine = await opening;
      return {
        engine,
        [Symbol.dispose]: () => {
          this.#giveBack();
        },
      };
    } catch (error) {
      if (this.#opening === opening) this.#opening = undefined;
      this.#giveBack();
      throw error;
    }
  }

  async #load(): Promise<Opened> {
    return (this.#engine = await this.#open());
  }

  #giveBack(): void {
    this.#users--;
    if (this.#users > 0) return;
    this.#idleSince = performance.now();
    if (this.idleLimitMs === undefined) return;
    this.#timer = setTimeout(() => {
      this.#onLetGo();
      this.#letGo().catch(() => undefined);
    }, this.idleLimitMs);
    this.#timer.unref();
  }

  async #letGo(): Promise<void> {
    const opening = this.#opening;
    this.#opening = undefined;
    this.#engine = undefined;
    const opened = await opening?.catch(() => undefined);
    await opened?.[Symbol.asyncDispose]();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearTimeout(this.#timer);
    await this.#letGo();
  }
}
