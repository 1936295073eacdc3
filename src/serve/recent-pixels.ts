import { createHash } from 'node:crypto';
import { RecentlyUsed } from '../engine/local/caches/recently-used.js';
import { partLabel, type PictureSource } from '../llava/picture-bytes.js';
import { loadPixels, type PixelOptions, type Pixels } from '../llava/pixels.js';

/** A picture as the model sees it, and the hash of its bytes. */
export interface HashedPixels {
  readonly pixels: Pixels;
  readonly sha256: string;
}

/** Pixels of the pictures asked about last, so that another question about one of them decodes nothing. */
export class RecentPixels {
  readonly #pixels: RecentlyUsed<Pixels>;

  /** @param most pictures whose pixels are kept: 0.3 MB each with 336² pixels */
  constructor(most: number) {
    this.#pixels = new RecentlyUsed(most);
  }

  /**
   * The pixels of a picture, and the hash of its bytes.
   * @param label what to call the picture
   * @throws ExpectedError('input') when it cannot be shown to the model whole
   */
  async load(
    label: string,
    bytes: Uint8Array,
    { part, ...options }: PixelOptions & Pick<PictureSource, 'part'>,
  ): Promise<HashedPixels> {
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    const pixels = await this.#pixels.get(`${sha256} ${JSON.stringify([part, options])}`, () =>
      loadPixels({ kind: 'bytes', label, part, bytes }, options),
    );
    // The same bytes may have had another name before.
    const { frame, page = frame } = pixels.picture;
    const named = page === undefined ? label : partLabel(label, page);
    return { pixels: { ...pixels, picture: { ...pixels.picture, label: named } }, sha256 };
  }
}
