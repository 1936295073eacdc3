import type { Pixels } from '../llava/pixels.js';
import type { Engine, EngineInfo, ImageFeatures, ImagePrefix } from './engine.js';
import { featureKey, type FeatureCache } from './feature-cache.js';

/** An engine that encodes no picture twice: features are looked for in the cache first, and kept there. */
export class CachingEngine implements Engine {
  readonly info: EngineInfo;
  readonly #engine: Engine;
  readonly #cache: FeatureCache;
  readonly #towerHash: string;

  /** @param towerHash of the mmproj file's content */
  constructor(engine: Engine, cache: FeatureCache, towerHash: string) {
    this.info = engine.info;
    this.#engine = engine;
    this.#cache = cache;
    this.#towerHash = towerHash;
  }

  async encode(pixels: Pixels, signal?: AbortSignal): Promise<ImageFeatures> {
    const { device, towerOn, imageTokens, width } = this.info;
    const tower = { hash: this.#towerHash, device: towerOn === 'cpu' ? 'cpu' : device };
    const key = featureKey(pixels.rgb, tower);
    const kept = await this.#cache.read(key);
    if (kept?.tokens === imageTokens && kept.width === width) return kept;
    const features = await this.#engine.encode(pixels, signal);
    await this.#cache.write(key, features);
    return features;
  }

  look(features: ImageFeatures, systemText?: string): ImagePrefix {
    return this.#engine.look(features, systemText);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#engine[Symbol.asyncDispose]();
  }
}
