import type { SquarePixels } from '../../../llava/pixels.js';
import type { ImageFeatures } from '../image-features.js';
import type { Tower, TowerShape } from './vision-tower.js';

/** A tower that is read when the first picture is encoded: where features come from a cache, mostly never. */
export class TowerWhenNeeded implements Tower {
  readonly imageSize: number;
  readonly tokens: number;
  readonly width: number;
  readonly #open: () => Promise<Tower>;
  #opening: Promise<Tower> | undefined;
  #opened: Tower | undefined;

  /** @param shape as the file's header has it */
  constructor({ imageSize, tokens, width }: TowerShape, open: () => Promise<Tower>) {
    this.imageSize = imageSize;
    this.tokens = tokens;
    this.width = width;
    this.#open = open;
  }

  get bytes(): number {
    return this.#opened?.bytes ?? 0;
  }

  async encode(pixels: SquarePixels, signal?: AbortSignal): Promise<ImageFeatures> {
    this.#opening ??= this.#open();
    this.#opened = await this.#opening;
    return await this.#opened.encode(pixels, signal);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const opened = await this.#opening?.catch(() => undefined);
    await opened?.[Symbol.asyncDispose]();
  }
}
