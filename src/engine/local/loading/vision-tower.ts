import { ExpectedError } from '../../../llava/expected-error.js';
import type { SquarePixels } from '../../../llava/pixels.js';
import type { Backend } from '../runtime/backend.js';
import type { ImageFeatures } from '../image-features.js';
import { nativeFailure } from '../runtime/native-failure.js';
import type { NativeTower } from '../runtime/native-addon.js';

/** What goes in and what comes out. */
export interface TowerShape {
  /** Side of the square it sees, in pixels. */
  readonly imageSize: number;
  /** Rows of the image features: one a patch. */
  readonly tokens: number;
  /** Columns of the image features: the language model's embedding length. */
  readonly width: number;
}

/** What turns pixels into image features. */
export interface Tower extends TowerShape, AsyncDisposable {
  /** Memory that it takes where it is: weights, and what encoding needs beside them. */
  readonly bytes: number;
  /** Pixels of `imageSize`² → image features; an abort ends it as soon as the device allows. */
  encode(pixels: SquarePixels, signal?: AbortSignal): Promise<ImageFeatures>;
}

/** CLIP ViT and projector of one mmproj file, loaded on the backend's device or the CPU. */
export class VisionTower implements Tower {
  readonly #tower: NativeTower;

  private constructor(tower: NativeTower) {
    this.#tower = tower;
  }

  /**
   * @param on the backend's device, or the CPU although it has one
   * @throws OutOfMemory; ExpectedError('weights') for a file that is no LLaVA-1.5 mmproj, naming what was found.
   */
  static async open(
    mmproj: string,
    { addon, devices, threads }: Backend,
    on: 'cpu' | 'device' = 'device',
  ): Promise<VisionTower> {
    const device = on === 'device' ? (devices[0]?.name ?? null) : null;
    try {
      return new VisionTower(await addon.openTower(mmproj, { device, threads }));
    } catch (error) {
      throw nativeFailure(error);
    }
  }

  get bytes(): number {
    return this.#tower.weightBytes + this.#tower.computeBytes;
  }

  get imageSize(): number {
    return this.#tower.imageSize;
  }

  get tokens(): number {
    return this.#tower.tokens;
  }

  get width(): number {
    return this.#tower.width;
  }

  async encode(pixels: SquarePixels, signal?: AbortSignal): Promise<ImageFeatures> {
    signal?.throwIfAborted();
    if (pixels.size !== this.imageSize)
      throw new ExpectedError(
        'engine',
        `The tower sees ${this.imageSize} pixels a side and was given ${pixels.size}.`,
      );
    const cancel = () => {
      this.#tower.cancel();
    };
    signal?.addEventListener('abort', cancel, { once: true });
    try {
      const { features, attention } = await this.#tower.encode(pixels.rgb);
      return { tokens: this.tokens, width: this.width, values: features, attention };
    } catch (error) {
      throw nativeFailure(error);
    } finally {
      signal?.removeEventListener('abort', cancel);
    }
  }

  /** Encodes a black picture, so that the device has all it needs for the next. */
  async warmUp(): Promise<void> {
    try {
      await this.#tower.encode(new Uint8Array(3 * this.imageSize ** 2));
    } catch (error) {
      throw nativeFailure(error);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#tower.close();
  }
}
