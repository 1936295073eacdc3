import type { Engine } from '../engine/engine.js';
import type { DeviceChoice } from '../engine/devices/device-kind.js';
import { compileGrammar } from '../engine/local/choosing/grammars.js';
import { openLlamaEngine, type LlamaEngine, type OpenOptions } from '../engine/local/llama-engine.js';
import { loadBackendFor, type Backend, type BackendOptions } from '../engine/local/runtime/backend.js';
import type { PictureWishes } from '../llava/picture.js';
import type { PictureSource } from '../llava/picture-bytes.js';
import type { PixelOptions, Pixels } from '../llava/pixels.js';
import { checkPair, type PairInfo } from '../weights/check/check-pair.js';
import { identifyFiles } from '../weights/weights-identity.js';
import type { FoundWeights } from './find-weights.js';
import { openCache, type Cache, type CacheChoice } from './open-cache.js';
import type { OpeningHost } from './opening-host.js';
import { planPlacement, type PlacementWishes } from './plan-placement.js';

/** What computes, with how much room, and what is kept on disk. */
export interface EngineWishes extends Omit<PlacementWishes, 'sequences'>, CacheChoice {
  readonly device?: DeviceChoice;
  readonly threads?: number;
  /** Patches kept of each picture. Default: all. */
  readonly imageTokens?: number;
}

/** What a command needs of its engine beside what users wish. */
export interface EngineNeeds extends Pick<PlacementWishes, 'sequences'> {
  /** Positions of each sequence. */
  readonly context?: (pair: PairInfo) => number;
  /** Answers are read whole, and not shown as they come. */
  readonly answersWhole?: boolean;
  /** Pictures whose features stay in memory. Default: none. */
  readonly keptPictures?: number;
  /** Opened before; default: the one that was wished for. */
  readonly cache?: Cache | undefined;
}

/** How a picture is read, and what is drawn on it. */
export type PixelWishes = PictureWishes & Required<Pick<PixelOptions, 'exif' | 'marks'>>;

/** An engine that was chosen and is not open yet. */
export interface Opening extends AsyncDisposable {
  /**
   * Makes the pixels of a picture, for the weights that are opened.
   * @throws ExpectedError('input') when the picture cannot be shown to the model whole
   */
  loadPixels(source: PictureSource, wishes: PixelWishes): Promise<Pixels>;
  /**
   * Settles when the picture's pixels can be made without holding up what loads.
   * @throws ExpectedError('engine') when the device asked for cannot be had
   */
  ready(): Promise<void>;
  /**
   * Whether a grammar is one, before the weights are loaded.
   * @throws ExpectedError('usage') when it is not; ExpectedError('engine') when the device asked for cannot be had
   */
  checkGrammar(text: string): Promise<void>;
  /**
   * Opens it, once; what is opened belongs to the caller.
   * @throws ExpectedError for weights that do not fit each other, the wishes or the memory
   */
  open(needs?: EngineNeeds): Promise<Engine>;
}

/**
 * The one way from weights to an engine. llama.cpp, the longest step of a start, begins to load at once, and what it will
 * work on is checked meanwhile: headers first, then the plan of what goes where, then the weights are read.
 */
export class EngineOpening implements Opening {
  readonly weights: FoundWeights;
  /** What the headers say. Its failure is met when it is waited for. */
  readonly pair: Promise<PairInfo>;
  readonly #wishes: EngineWishes;
  readonly #host: OpeningHost;
  readonly #options: BackendOptions;
  readonly #backend: Promise<Backend>;
  #isOpened = false;

  constructor(weights: FoundWeights, wishes: EngineWishes, host: OpeningHost) {
    const { device, threads } = wishes;
    this.weights = weights;
    this.#wishes = wishes;
    this.#host = host;
    const onNote = (note: string) => {
      host.note(note);
    };
    this.#options = { device, threads, onNote };
    this.#backend = loadBackendFor(weights, this.#options);
    this.#backend.catch(() => undefined);
    this.pair = checkPair(weights.model, weights.mmproj);
    this.pair.catch(() => undefined);
  }

  async loadPixels(source: PictureSource, wishes: PixelWishes): Promise<Pixels> {
    const [{ imageSize }, { loadPixels }] = await Promise.all([this.pair, import('../llava/pixels.js')]);
    return await loadPixels(source, { imageSize, ...wishes });
  }

  /**
   * Settles when llama.cpp is in the process.
   * @throws ExpectedError('engine') when the device asked for cannot be had
   */
  async ready(): Promise<void> {
    await this.#backend;
  }

  /**
   * Whether a grammar is one, before the weights are loaded.
   * @throws ExpectedError('usage') when it is not; ExpectedError('engine') when the device asked for cannot be had
   */
  async checkGrammar(text: string): Promise<void> {
    await compileGrammar((await this.#backend).llama, text);
  }

  /**
   * Plans what goes where and loads the weights, once; what is opened belongs to the caller.
   * @throws ExpectedError for weights that do not fit each other, the wishes or the memory
   */
  async open(needs: EngineNeeds = {}): Promise<LlamaEngine> {
    const { weights } = this;
    const { context, sequences, keptPictures } = needs;
    const cache = needs.cache ?? (await openCache(this.#wishes, this.#host));
    const pair = await this.pair;
    const wishes = {
      ...this.#wishes,
      ...(context === undefined ? {} : { context: context(pair) }),
      ...(sequences === undefined ? {} : { sequences }),
    };
    const { warning, preTokenizer: found } = pair.model;
    if (warning !== undefined) this.#host.note(warning);
    // node-llama-cpp prints what it is told of a file to stdout, where nothing stands but the answer.
    const canTell = (await this.#backend).addon.withoutStdout !== undefined;
    if (found !== undefined && !canTell)
      this.#host.note(
        'The file does not say how its text is cut into words, so numbers and contractions may be read worse.',
      );
    const plan = planPlacement(pair, await this.#backend, wishes, (note) => {
      this.#host.note(note);
    });
    const less = cache === undefined ? {} : await this.#readingLess(pair, cache);
    this.#isOpened = true;
    using progress = this.#host.startProgress();
    progress.say(`loading ${weights.name}`);
    return await openLlamaEngine(weights, {
      ...this.#options,
      ...plan,
      backend: this.#backend,
      signal: this.#host.signal,
      conversation: weights.conversation,
      preTokenizer: canTell ? found : undefined,
      imageTokens: this.#wishes.imageTokens,
      keptPictures,
      ...less,
      onProgress: (fraction) => {
        progress.say(`loading ${weights.name} (${Math.round(fraction * 100)} %)`);
      },
    });
  }

  /** Lets go of llama.cpp when the weights were never opened. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#isOpened) return;
    const backend = await this.#backend.catch(() => undefined);
    await backend?.[Symbol.asyncDispose]();
  }

  /** What need not be read or computed when a cache has it. */
  async #readingLess(
    { imageSize, tokensPerPicture, width }: PairInfo,
    { features, prefixes }: Cache,
  ): Promise<Pick<OpenOptions, 'towerShape' | 'features' | 'prefixes'>> {
    const { model, mmproj, lora = [] } = this.weights;
    return {
      towerShape: { imageSize, tokens: tokensPerPicture, width },
      features: { cache: features, tower: await identifyFiles(mmproj) },
      ...(prefixes === undefined
        ? {}
        : { prefixes: { folder: prefixes, weights: await identifyFiles(model, ...lora) } }),
    };
  }
}
