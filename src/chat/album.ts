import { createHash } from 'node:crypto';
import { decodePicture, type DecodedPicture } from '../llava/decode-picture.js';
import { ExpectedError } from '../llava/expected-error.js';
import { openPicture, type PictureInfo } from '../llava/picture.js';
import { toPixels, type Pixels } from '../llava/pixels.js';
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

/** All pictures of a session, their pixels, and which of them is being looked at. */
export class Album {
  readonly #read: ReadPicture;
  readonly #exif: boolean;
  readonly #pictures = new Map<string, SeenPicture>();
  /** As the model sees them, by id: a third of a megabyte each. */
  readonly #pixels = new Map<string, Pixels>();
  /** The picture decoded last, until its pixels are needed. */
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
    this.#decoded = this.#pixels.has(id) ? undefined : { id, picture: decoded };
    this.current = seen;
    return { seen, decoded };
  }

  /** The picture as a model of that image size sees it. */
  async pixels(seen: SeenPicture, imageSize: number, signal: AbortSignal): Promise<Pixels> {
    const kept = this.#pixels.get(seen.id);
    if (kept?.size === imageSize) return kept;
    const decoded =
      this.#decoded?.id === seen.id ? this.#decoded.picture : await this.#decodeAgain(seen, signal);
    const pixels = toPixels(decoded, imageSize);
    this.#pixels.set(seen.id, pixels);
    this.#decoded = undefined;
    return pixels;
  }

  async #decodeAgain(seen: SeenPicture, signal: AbortSignal): Promise<DecodedPicture> {
    const { id, decoded } = await this.#decode(seen.place, signal);
    if (id === seen.id) return decoded;
    throw new ExpectedError('input', `${quote(seen.info.label)} has changed since it was first seen.`, {
      hint: `/image ${seen.info.label} shows its current version`,
    });
  }

  async #decode(place: PicturePlace, signal: AbortSignal): Promise<{ id: string; decoded: DecodedPicture }> {
    const bytes = await this.#read(place, signal);
    const label = place.kind === 'clipboard' ? 'clipboard' : place.path;
    const picture = await openPicture({ kind: 'bytes', label, bytes }, { exif: this.#exif });
    return { id: createHash('sha256').update(bytes).digest('hex'), decoded: await decodePicture(picture) };
  }
}
