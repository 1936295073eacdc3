import type { LlamaContext, LlamaContextSequence, LlamaModel } from 'node-llama-cpp';
import { ExpectedError } from '../llava/expected-error.js';
import { TEXT_BEFORE_IMAGE } from '../llava/prompt.js';
import type { Pixels } from '../llava/pixels.js';
import { loadBackendFor, type Backend } from './backend.js';
import type { Engine, EngineInfo, ImageFeatures, ImagePrefix, WeightFiles } from './engine.js';
import { LlamaPrefix } from './llama-prefix.js';
import { evaluateFeatures } from './sequence-bridge.js';
import { VisionTower } from './vision-tower.js';

/** Context where the weights allow a longer one; LLaVA-1.5's own is 4096. */
const DEFAULT_CONTEXT = 4096;
/** LLaVA-1.5's 576 image tokens are evaluated in one batch. */
const BATCH_SIZE = 640;

export interface OpenOptions {
  /** Already loading; belongs to the engine from here on. Default: loaded for these weights. */
  readonly backend?: Promise<Backend>;
  /** For a backend that is loaded here; see `loadBackend`. */
  readonly threads?: number;
  /** Positions; default: what the model was trained for, 4096 at most. */
  readonly contextSize?: number;
  /** Fraction 0 to 1 of the language model read. */
  readonly onProgress?: (fraction: number) => void;
  readonly signal?: AbortSignal;
}

/**
 * Loads a checked pair of weights and the backend to run them.
 * @throws ExpectedError('weights' or 'engine') when loading fails; ExpectedError('interrupted') on abort
 */
export async function openLlamaEngine(files: WeightFiles, options: OpenOptions = {}): Promise<LlamaEngine> {
  const start = performance.now();
  const backend = await (options.backend ?? loadBackendFor(files, options.threads));
  let tower: VisionTower | undefined;
  let model: LlamaModel | undefined;
  try {
    options.signal?.throwIfAborted();
    // Both files are read at the same time: the tower in a thread of ours, the model in one of node-llama-cpp.
    const loadingModel = loadModel(files.model, backend, options);
    loadingModel.catch(() => undefined);
    tower = await VisionTower.open(files.mmproj, backend);
    model = await loadingModel;
    checkWidths(files, tower, model);
    const context = await createContext(model, backend, options);
    return new LlamaEngine({ backend, tower, model, context, loadMs: performance.now() - start });
  } catch (error) {
    tower?.[Symbol.dispose]();
    await model?.dispose();
    await backend[Symbol.asyncDispose]();
    throw error;
  }
}

interface Parts {
  readonly backend: Backend;
  readonly tower: VisionTower;
  readonly model: LlamaModel;
  readonly context: LlamaContext;
  readonly loadMs: number;
}

/** The engine on node-llama-cpp: its model, context and sampling, our vision tower and image prefix. */
export class LlamaEngine implements Engine {
  readonly info: EngineInfo;
  readonly #parts: Parts;
  readonly #sequence: LlamaContextSequence;
  /** Positions of the system text, kept in the sequence from picture to picture. */
  #systemTokens = 0;

  constructor(parts: Parts) {
    this.#parts = parts;
    this.#sequence = parts.context.getSequence();
    const { backend, tower, context, loadMs } = parts;
    this.info = {
      device: backend.llama.gpu === false ? 'cpu' : backend.llama.gpu,
      threads: backend.threads,
      contextSize: context.contextSize,
      imageSize: tower.imageSize,
      imageTokens: tower.tokens,
      width: tower.width,
      loadMs,
    };
  }

  encode(pixels: Pixels, signal?: AbortSignal): Promise<ImageFeatures> {
    return this.#parts.tower.encode(pixels, signal);
  }

  async look(features: ImageFeatures, signal?: AbortSignal): Promise<ImagePrefix> {
    const { backend, model } = this.#parts;
    await this.#rewindToSystemText();
    const needed = this.#systemTokens + features.tokens;
    if (needed >= this.#sequence.contextSize)
      throw new ExpectedError(
        'engine',
        `The picture does not fit: it takes ${needed} positions and the context has ${this.#sequence.contextSize}.`,
        { hint: 'Open the weights with a larger context' },
      );
    await evaluateFeatures(backend.addon, this.#sequence, features, signal);
    return new LlamaPrefix(model, this.#sequence);
  }

  /** Evaluates the system text the first time, and erases all behind it later. */
  async #rewindToSystemText(): Promise<void> {
    if (this.#systemTokens > 0) {
      const range = { start: this.#systemTokens, end: this.#sequence.nextTokenIndex };
      await this.#sequence.eraseContextTokenRanges([range]);
      return;
    }
    const { model } = this.#parts;
    const text = model.tokenize(TEXT_BEFORE_IMAGE, false);
    const bos = model.tokens.bos;
    await this.#sequence.evaluateWithoutGeneratingNewTokens(bos === null ? text : [bos, ...text]);
    this.#systemTokens = this.#sequence.nextTokenIndex;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#parts.tower[Symbol.dispose]();
    // Disposes of its models and contexts as well.
    await this.#parts.backend[Symbol.asyncDispose]();
  }
}

async function loadModel(path: string, { llama }: Backend, options: OpenOptions): Promise<LlamaModel> {
  try {
    return await llama.loadModel({
      modelPath: path,
      // node-llama-cpp's own fit check loads the model several times over; without a GPU there is nothing to fit.
      ...(llama.gpu === false ? { gpuLayers: 0, ignoreMemorySafetyChecks: true } : { gpuLayers: 'auto' }),
      ...(options.onProgress === undefined ? {} : { onLoadProgress: options.onProgress }),
      ...(options.signal === undefined ? {} : { loadSignal: options.signal }),
    });
  } catch (error) {
    options.signal?.throwIfAborted();
    throw loadFailure(`"${path}" could not be loaded`, error);
  }
}

async function createContext(
  model: LlamaModel,
  backend: Backend,
  options: OpenOptions,
): Promise<LlamaContext> {
  try {
    return await model.createContext({
      contextSize: options.contextSize ?? Math.min(model.trainContextSize, DEFAULT_CONTEXT),
      batchSize: BATCH_SIZE,
      threads: backend.threads,
      ignoreMemorySafetyChecks: true,
      failedCreationRemedy: false,
      ...(options.signal === undefined ? {} : { createSignal: options.signal }),
    });
  } catch (error) {
    options.signal?.throwIfAborted();
    throw loadFailure('The context could not be made', error);
  }
}

function checkWidths({ model, mmproj }: WeightFiles, tower: VisionTower, loaded: LlamaModel): void {
  if (tower.width === loaded.embeddingVectorSize) return;
  throw new ExpectedError(
    'weights',
    `"${mmproj}" makes features ${tower.width} wide and "${model}" takes ${loaded.embeddingVectorSize}.`,
    { hint: 'Use the mmproj file that was published with the language model' },
  );
}

function loadFailure(what: string, error: unknown): ExpectedError {
  const reason = error instanceof Error ? error.message : String(error);
  return new ExpectedError('engine', `${what}: ${reason}`, {
    hint: 'Run again with NODE_DEBUG=llava to see what llama.cpp says',
    cause: error,
  });
}
