import type { Pixels } from '../llava/pixels.js';
import type { Engine, EngineInfo, ImageFeatures, ImagePrefix } from './engine.js';
import { keepAttended } from './keep-attended.js';

/** An engine that shows the language model only the patches that the class token attends to most. */
export class PruningEngine implements Engine {
  readonly info: EngineInfo;
  readonly #engine: Engine;

  /** @param imageTokens patches kept of each picture; all, when there are no more */
  constructor(engine: Engine, imageTokens: number) {
    this.#engine = engine;
    this.info = { ...engine.info, imageTokens: Math.min(imageTokens, engine.info.imageTokens) };
  }

  async encode(pixels: Pixels, signal?: AbortSignal): Promise<ImageFeatures> {
    return keepAttended(await this.#engine.encode(pixels, signal), this.info.imageTokens);
  }

  look(features: ImageFeatures, systemText?: string): ImagePrefix {
    return this.#engine.look(features, systemText);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#engine[Symbol.asyncDispose]();
  }
}
