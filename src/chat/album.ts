import { createHash } from 'node:crypto';
import type { Engine, ImageFeatures } from '../engine/engine.js';
import { decodePicture, type DecodedPicture } from '../llava/decode-picture.js';
import { ExpectedError } from '../llava/expected-error.js';
import { openPicture, type PictureInfo } from '../llava/picture.js';
import { toPixels } from '../llava/pixels.js';
import { quote } from '../llava/quote.js';
import type { ChatTurn } from './chat-turn.js';

/** Where a picture came from. One from the clipboard has its bytes with it: nothing else has them. */
export type PicturePlace =
  | { readonly kind: 'file'; readonly path: string }
  | { readonly kind: 'address'; readonly path: string }
  | { readonly kind: 'clipboard'; readonly bytes: Uint8Array };

/** A picture of this session and what was said about it. */
export interface SeenPicture {
  /** SHA-256 of its bytes: the same picture from elsewhere is the same picture. */
  readonly id: string;
  readonly place: PicturePlace;
  readonly info: PictureInfo;
  turns: readonly ChatTurn[];
}

/** Reads the bytes of a picture's place. */
export type ReadPicture = (place: PicturePlace, signal: AbortSignal) => Promise<Uint8Array>;

/** Features that are kept, so that switching back encodes nothing: 16 of LLaVA-1.5 7B are 151 MB. */
export const KEPT_FEATURES = 16;

/** All pictures of a session, the features of the last ones, and which of them is being looked at. */
export class Album {
  readonly #read: ReadPicture;
  readonly #exif: boolean;
  readonly #pictures = new Map<string, SeenPicture>();
  readonly #features = new Map<string, ImageFeatures>();
  /** The picture decoded last, until it is encoded. */
  #decoded: { readonly id: string; readonly picture: DecodedPicture } | undefined;
  current: SeenPicture | undefined;

  /** @param exif turn pictures upright */
  constructor(read: ReadPicture, exif: boolean) {
    this.#read = read;
    this.#exif = exif;
  }

  /** All pictures, in the order in which they were first seen. */
  get pictures(): readonly SeenPicture[] {
    return [...this.#pictures.values()];
  }

  /**
   * Opens a picture and looks at it from here on.
   * @returns the picture, known already or new, and its pixels
   * @throws ExpectedError('input') when it cannot be read or decoded; the current picture stays
   */
  async open(
    place: PicturePlace,
    signal: AbortSignal,
  ): Promise<{ seen: SeenPicture; decoded: DecodedPicture }> {
    const { id, decoded } = await this.#decode(place, signal);
    const seen = this.#pictures.get(id) ?? { id, place, info: decoded.info, turns: [] };
    this.#pictures.set(id, seen);
    this.#decoded = this.#features.has(id) ? undefined : { id, picture: decoded };
    this.current = seen;
    return { seen, decoded };
  }

  /** The picture's features: kept, or encoded now. */
  async features(seen: SeenPicture, engine: Engine, signal: AbortSignal): Promise<ImageFeatures> {
    const kept = this.#features.get(seen.id);
    const features = kept ?? (await this.#encode(seen, engine, signal));
    // The one used last stands last.
    this.#features.delete(seen.id);
    this.#features.set(seen.id, features);
    for (const id of this.#features.keys())
      if (this.#features.size > KEPT_FEATURES) this.#features.delete(id);
    return features;
  }

  /** Other weights see with other eyes. */
  forgetFeatures(): void {
    this.#features.clear();
  }

  async #encode(seen: SeenPicture, engine: Engine, signal: AbortSignal): Promise<ImageFeatures> {
    const decoded =
      this.#decoded?.id === seen.id ? this.#decoded.picture : await this.#decodeAgain(seen, signal);
    const features = await engine.encode(toPixels(decoded, engine.info.imageSize), signal);
    this.#decoded = undefined;
    return features;
  }

  async #decodeAgain(seen: SeenPicture, signal: AbortSignal): Promise<DecodedPicture> {
    const { id, decoded } = await this.#decode(seen.place, signal);
    if (id === seen.id) return decoded;
    throw new ExpectedError('input', `${quote(seen.info.label)} has changed since it was first seen.`, {
      hint: `/image ${seen.info.label} looks at it as it is now`,
    });
  }

  async #decode(place: PicturePlace, signal: AbortSignal): Promise<{ id: string; decoded: DecodedPicture }> {
    const bytes = await this.#read(place, signal);
    const label = place.kind === 'clipboard' ? 'clipboard' : place.path;
    const picture = await openPicture({ kind: 'bytes', label, bytes }, { exif: this.#exif });
    return { id: createHash('sha256').update(bytes).digest('hex'), decoded: await decodePicture(picture) };
  }
}
