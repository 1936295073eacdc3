import { loadBackendFor, type Backend } from './backend.js';
import type { Engine, WeightFiles } from './engine.js';
import { openLlamaEngine } from './llama-engine.js';

/** llama.cpp on its way into the process, while what it will work on is still being checked. */
export class StartingEngine implements AsyncDisposable {
  readonly #files: WeightFiles;
  readonly #signal: AbortSignal;
  readonly #backend: Promise<Backend>;
  #isOpened = false;

  constructor(files: WeightFiles, signal: AbortSignal) {
    this.#files = files;
    this.#signal = signal;
    this.#backend = loadBackendFor(files);
    // Its failure is reported when the engine is opened.
    this.#backend.catch(() => undefined);
  }

  /**
   * Loads the weights, once; what is opened belongs to the caller.
   * @param onProgress fraction 0 to 1 of the language model read
   */
  async open(onProgress?: (fraction: number) => void): Promise<Engine> {
    this.#isOpened = true;
    return await openLlamaEngine(this.#files, {
      backend: this.#backend,
      signal: this.#signal,
      ...(onProgress === undefined ? {} : { onProgress }),
    });
  }

  /** Lets go of llama.cpp when the weights were never opened. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#isOpened) return;
    const backend = await this.#backend.catch(() => undefined);
    await backend?.[Symbol.asyncDispose]();
  }
}
