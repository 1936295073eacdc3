import type { LlamaContext, LlamaModel } from 'node-llama-cpp';
import { createHash } from 'node:crypto';
import type { ConversationForm } from '../../llava/conversation.js';
import { VICUNA_V1 } from '../../llava/conversations/vicuna-v1.js';
import { ExpectedError } from '../../llava/expected-error.js';
import type { SquarePixels } from '../../llava/pixels.js';
import { tokensBeforeImage } from './sequences/conversation-tokens.js';
import { loadBackendFor, type Backend, type BackendOptions } from './runtime/backend.js';
import type { CacheFolder } from './caches/cache-folder.js';
import type { DeviceKind } from '../devices/device-kind.js';
import type { Engine, EngineInfo, ShowOptions, ShownPicture } from '../engine.js';
import { featureKey, type FeatureCache } from './caches/feature-cache.js';
import { RecentlyUsed } from './caches/recently-used.js';
import type { ImageFeatures } from './image-features.js';
import { keepAttended } from './keep-attended.js';
import type { WeightFiles } from './loading/weight-files.js';
import { Grammars } from './choosing/grammars.js';
import { ImageSlots } from './sequences/image-slots.js';
import { LlamaPicture, type PictureTools } from './llama-picture.js';
import { createContext, loadModel, type LoadOptions } from './loading/load-model.js';
import { openWithLess, type LessOptions } from './loading/open-with-less.js';
import { defaultPlacement, type KvType, type Placement } from './loading/placement.js';
import { PrefixCache } from './caches/prefix-cache.js';
import { llamaCppRelease } from './runtime/release.js';
import { readMemoryUse, whileContextRests, type MemoryUse } from './sequences/sequence-bridge.js';
import { SequencePool } from './sequences/sequence-pool.js';
import { TowerWhenNeeded } from './loading/tower-when-needed.js';
import { VisionTower, type Tower, type TowerShape } from './loading/vision-tower.js';

/** Context where the weights allow a longer one; LLaVA-1.5's own is 4096. */
const DEFAULT_CONTEXT = 4096;

export interface OpenOptions extends LoadOptions, BackendOptions, LessOptions {
  /** Already loading; belongs to the engine from here on. Default: loaded for these weights. */
  readonly backend?: Promise<Backend>;
  /** Default: everything on the backend's device. */
  readonly placement?: Placement | undefined;
  /** Positions, when there is no placement; default: what the model was trained for, 4096 at most. */
  readonly contextSize?: number;
  /** The tower's shape, to read it only when the first picture is encoded. Default: it is read at once. */
  readonly towerShape?: TowerShape | undefined;
  /** How the language model was trained to talk. Default: `vicuna_v1`. */
  readonly conversation?: ConversationForm | undefined;
  /** Patches kept of each picture: those that the class token attends to most. Default: all. */
  readonly imageTokens?: number | undefined;
  /** Pictures whose features stay in memory, so that showing one again encodes nothing. Default: none. */
  readonly keptPictures?: number | undefined;
  /** Where image features are kept beyond this process. Default: nowhere. */
  readonly features?: FeatureStore | undefined;
  /** Where evaluated prefixes are kept beyond this process. Default: nowhere. */
  readonly prefixes?: PrefixStore | undefined;
}

/** A place for the features of this tower. */
export interface FeatureStore {
  readonly cache: FeatureCache;
  /** Hash of the mmproj file's content. */
  readonly tower: string;
}

/** A place for evaluated prefixes of these weights. */
export interface PrefixStore {
  readonly folder: CacheFolder;
  /** Tells the language model and its adapters from all others. */
  readonly weights: string;
}

/**
 * Loads a checked pair of weights and the backend to run them.
 * @throws OutOfMemory when no placement fits; ExpectedError('weights' or 'engine') when loading fails otherwise;
 * ExpectedError('interrupted') on abort
 */
export async function openLlamaEngine(files: WeightFiles, options: OpenOptions = {}): Promise<LlamaEngine> {
  const start = performance.now();
  const backend = await (options.backend ?? loadBackendFor(files, options));
  try {
    options.signal?.throwIfAborted();
    const placement =
      options.placement ?? defaultPlacement(backend.kind, options.contextSize ?? DEFAULT_CONTEXT);
    const parts = await openWithLess(placement, (less) => openParts(files, backend, less, options), options);
    return new LlamaEngine(parts, options, performance.now() - start);
  } catch (error) {
    await backend[Symbol.asyncDispose]();
    throw error;
  }
}

/** Loads both files and makes the context; leaves nothing but the backend behind when it fails. */
async function openParts(
  files: WeightFiles,
  backend: Backend,
  placed: Placement,
  options: OpenOptions,
): Promise<Parts> {
  // When the tower fails, the rest of the model need not be read.
  const giveUp = new AbortController();
  const signals = options.signal === undefined ? [giveUp.signal] : [giveUp.signal, options.signal];
  // Both files are read at the same time: the tower in a thread of ours, the model in one of node-llama-cpp.
  const loading: LoadOptions = { ...options, signal: AbortSignal.any(signals) };
  const loadingModel = loadModel(files.model, backend, placed, loading);
  loadingModel.catch(() => undefined);
  let tower: Tower | undefined;
  let warming: Promise<void> | undefined;
  try {
    const openTower = () => VisionTower.open(files.mmproj, backend, placed.towerOn);
    const { towerShape } = options;
    tower = towerShape === undefined ? await openTower() : new TowerWhenNeeded(towerShape, openTower);
    // CUDA reads kernels when they are first used, which it may as well do while the weights load.
    warming = backend.kind === 'cuda' && tower instanceof VisionTower ? tower.warmUp() : undefined;
    const [model] = await Promise.all([loadingModel, warming]);
    checkWidths(files, tower, model);
    const placement = placeModel(model, placed, options);
    const context = await createContext(model, backend, placement, { ...options, lora: files.lora });
    return { backend, tower, model, context, placement };
  } catch (error) {
    giveUp.abort();
    await warming?.catch(() => undefined);
    await tower?.[Symbol.asyncDispose]();
    const model = await loadingModel.catch(() => undefined);
    await model?.dispose();
    throw error;
  }
}

interface Parts {
  readonly backend: Backend;
  readonly tower: Tower;
  readonly model: LlamaModel;
  readonly context: LlamaContext;
  readonly placement: Placement;
}

/** What is known of loaded weights beside what all engines tell. */
export interface LlamaInfo extends EngineInfo {
  /** What llama.cpp was loaded for. */
  readonly device: DeviceKind;
  /** What the makers call the GPUs at work; none on a CPU. */
  readonly deviceNames: readonly string[];
  /** Layers of the language model on the device, of `layers`: its blocks and the output. */
  readonly gpuLayers: number;
  readonly layers: number;
  readonly towerOn: 'cpu' | 'device';
  readonly kvType: KvType;
  readonly threads: number;
  /** Columns of the image features. */
  readonly width: number;
}

/** How pictures are kept and shown. */
type PictureOptions = Pick<
  OpenOptions,
  'conversation' | 'imageTokens' | 'keptPictures' | 'features' | 'prefixes'
>;

/** The engine on node-llama-cpp: its model, context and sampling, our vision tower and image prefix. */
export class LlamaEngine implements Engine {
  readonly info: LlamaInfo;
  readonly #parts: Parts;
  readonly #tools: PictureTools;
  readonly #options: PictureOptions;
  readonly #features: RecentlyUsed<ImageFeatures>;
  readonly #pictures: RecentlyUsed<ShownPicture>;

  constructor(parts: Parts, options: PictureOptions, loadMs: number) {
    this.#parts = parts;
    this.#options = options;
    const { backend, tower, model, context, placement } = parts;
    const { conversation = VICUNA_V1, imageTokens = Infinity, keptPictures = 0 } = options;
    this.#features = new RecentlyUsed(keptPictures);
    this.#pictures = new RecentlyUsed(keptPictures);
    const sequences = Array.from({ length: context.totalSequences }, () => context.getSequence());
    this.#tools = {
      model,
      conversation,
      addon: backend.addon,
      grammars: new Grammars(backend.llama, model),
      slots: new ImageSlots(
        backend.addon,
        new SequencePool(sequences),
        prefixCacheOf(parts, options.prefixes),
      ),
      contextSize: context.contextSize,
      sequences: sequences.length,
    };
    this.info = {
      device: backend.kind,
      deviceNames: backend.devices.map(({ description }) => description),
      gpuLayers: placement.gpuLayers,
      layers: countLayers(model),
      towerOn: placement.towerOn,
      kvType: placement.kvType,
      threads: backend.threads,
      contextSize: context.contextSize,
      sequences: sequences.length,
      imageSize: tower.imageSize,
      imageTokens: Math.min(imageTokens, tower.tokens),
      width: tower.width,
      conversation,
      loadMs,
    };
  }

  /** llama.cpp as it was loaded for this engine, and belongs to it. */
  get backend(): Backend {
    return this.#parts.backend;
  }

  /** Memory that everything takes, as llama.cpp and the tower account for it. */
  get memory(): MemoryUse {
    const { tower, model, context, placement } = this.#parts;
    const text = readMemoryUse(model, context);
    const onDevice = placement.towerOn === 'device';
    return {
      deviceBytes: text.deviceBytes + (onDevice ? tower.bytes : 0),
      hostBytes: text.hostBytes + (onDevice ? 0 : tower.bytes),
    };
  }

  /** Pictures whose features are in memory. */
  get pictures(): number {
    return this.#features.size;
  }

  async show(pixels: SquarePixels, options: ShowOptions = {}): Promise<ShownPicture> {
    const { systemText, signal } = options;
    const imageTokens = Math.min(options.imageTokens ?? Infinity, this.info.imageTokens);
    const features = () => this.features(pixels, signal, imageTokens);
    if ((this.#options.keptPictures ?? 0) === 0) return this.look(await features(), systemText);
    const id = createHash('sha256').update(pixels.rgb).update(String(imageTokens)).digest('hex');
    return await this.#pictures.get(JSON.stringify([id, systemText]), async () =>
      this.look(await this.#features.get(id, features), systemText),
    );
  }

  /** Pixels → all image features of the tower, which only a local engine has. */
  encode(pixels: SquarePixels, signal?: AbortSignal): Promise<ImageFeatures> {
    const { tower, context } = this.#parts;
    return whileContextRests(context, () => tower.encode(pixels, signal));
  }

  /**
   * What questions about a picture share, from its features.
   * @throws ExpectedError('engine') when the picture does not fit the context
   */
  look(features: ImageFeatures, systemText?: string): LlamaPicture {
    const textBefore = tokensBeforeImage(this.#parts.model, this.info.conversation, systemText);
    return new LlamaPicture(this.#tools, { textBefore, features });
  }

  /** The features that the language model is shown: kept or encoded, then pruned. */
  async features(
    pixels: SquarePixels,
    signal?: AbortSignal,
    imageTokens = this.info.imageTokens,
  ): Promise<ImageFeatures> {
    const { features: store } = this.#options;
    const { device, towerOn } = this.info;
    const encode = () => this.encode(pixels, signal);
    if (store === undefined) return keepAttended(await encode(), imageTokens);
    const tower = { hash: store.tower, device: towerOn === 'cpu' ? 'cpu' : device };
    const kept = await store.cache.get(featureKey(pixels.rgb, tower), this.#parts.tower, encode);
    return keepAttended(kept, imageTokens);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const { tower, backend } = this.#parts;
    // The backend disposes of its models and contexts as well.
    await Promise.all([tower[Symbol.asyncDispose](), backend[Symbol.asyncDispose]()]);
  }
}

/** Prefixes are those of one model on one kind of device; how many layers are there changes how numbers round. */
function prefixCacheOf(
  { backend, placement }: Parts,
  prefixes: PrefixStore | undefined,
): PrefixCache | undefined {
  if (prefixes === undefined) return undefined;
  const engine = [prefixes.weights, llamaCppRelease(), backend.kind, placement.gpuLayers, placement.kvType];
  return new PrefixCache(prefixes.folder, engine.join(' '));
}

/** The placement as it turned out: no more layers than there are, and the model's own context by default. */
function placeModel(model: LlamaModel, placement: Placement, options: OpenOptions): Placement {
  const isPlanned = options.placement !== undefined || options.contextSize !== undefined;
  return {
    ...placement,
    gpuLayers: Math.min(placement.gpuLayers, countLayers(model)),
    contextSize: isPlanned ? placement.contextSize : Math.min(placement.contextSize, model.trainContextSize),
  };
}

/** Blocks and the output. */
function countLayers({ fileInsights }: LlamaModel): number {
  return fileInsights.totalLayers;
}

function checkWidths({ model, mmproj }: WeightFiles, tower: TowerShape, loaded: LlamaModel): void {
  if (tower.width === loaded.embeddingVectorSize) return;
  throw new ExpectedError(
    'weights',
    `"${mmproj}" makes features ${tower.width} wide and "${model}" takes ${loaded.embeddingVectorSize}.`,
    { hint: 'Use the mmproj file that was published with the language model' },
  );
}
