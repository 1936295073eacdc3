import { loadBackendFor, type Backend, type BackendOptions, type PlannedBackend } from './backend.js';
import { compileGrammar } from './grammars.js';
import type { Engine, WeightFiles } from './engine.js';
import { openLlamaEngine, type OpenOptions } from './llama-engine.js';
import type { Placement } from './placement.js';

/** What was decided while llama.cpp was loading. */
export interface OpenPlan {
  readonly placement: Placement;
  /** See `openLlamaEngine`; absent when the placement was asked for and must not change. */
  readonly placeLess?: (failed: Placement) => Placement | undefined;
}

/** How the weights are loaded; default: everything on the device, if there is one. */
export interface EngineChoices
  extends Partial<OpenPlan>, Pick<OpenOptions, 'onProgress' | 'towerShape' | 'prefixes'> {}

/** llama.cpp on its way into the process, while what it will work on is still being checked. */
export class StartingEngine implements AsyncDisposable {
  readonly #files: WeightFiles;
  readonly #signal: AbortSignal;
  readonly #options: BackendOptions;
  readonly #backend: Promise<Backend>;
  #isOpened = false;

  constructor(files: WeightFiles, signal: AbortSignal, options: BackendOptions = {}) {
    this.#files = files;
    this.#signal = signal;
    this.#options = options;
    this.#backend = loadBackendFor(files, options);
    // Its failure is reported when the engine is opened.
    this.#backend.catch(() => undefined);
  }

  /**
   * The kind of device and the GPUs with their free memory, to plan with.
   * @throws ExpectedError('engine') when the device asked for cannot be had
   */
  async backend(): Promise<PlannedBackend> {
    return await this.#backend;
  }

  /**
   * Whether a grammar is one, before the weights are loaded.
   * @throws ExpectedError('usage') when it is not; ExpectedError('engine') when the device asked for cannot be had
   */
  async checkGrammar(text: string): Promise<void> {
    await compileGrammar((await this.#backend).llama, text);
  }

  /** Loads the weights, once; what is opened belongs to the caller. */
  async open(choices: EngineChoices = {}): Promise<Engine> {
    this.#isOpened = true;
    return await openLlamaEngine(this.#files, {
      ...this.#options,
      ...choices,
      backend: this.#backend,
      signal: this.#signal,
    });
  }

  /** Lets go of llama.cpp when the weights were never opened. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#isOpened) return;
    const backend = await this.#backend.catch(() => undefined);
    await backend?.[Symbol.asyncDispose]();
  }
}
