import { createHash } from 'node:crypto';
import { decodePicture, type DecodedPicture } from '../llava/decode-picture.js';
import { ExpectedError } from '../llava/expected-error.js';
import { openPicture, type PictureInfo, type PictureWishes } from '../llava/picture.js';
import { fileLabel, partLabel, pictureLabel, type PictureSource } from '../llava/picture-bytes.js';
import { toPixels, type Pixels } from '../llava/pixels.js';
import { quote } from '../llava/quote.js';
import type { ChatTurn } from './chat-turn.js';

/** Where a picture came from. One from the clipboard has its bytes with it: nothing else has them. */
export type PicturePlace =
  PictureSource | ({ readonly kind: 'address'; readonly path: string } & Pick<PictureSource, 'part'>);

/** A picture of this session and what was said about it. */
export interface SeenPicture {
  /** SHA-256 of its bytes. */
  readonly sha256: string;
  /** The same picture from elsewhere is the same picture: its bytes, and which of their frames or pages. */
  readonly id: string;
  readonly place: PicturePlace;
  readonly info: PictureInfo;
  turns: readonly ChatTurn[];
}

/** A picture that was named, looked at or not yet. */
export interface AlbumEntry {
  readonly place: PicturePlace;
  readonly label: string;
  readonly seen: SeenPicture | undefined;
}

interface DecodedPlace extends Pick<SeenPicture, 'id' | 'sha256'> {
  readonly decoded: DecodedPicture;
}

/** Reads the bytes of a picture's place. */
export type ReadPicture = (place: PicturePlace, signal: AbortSignal) => Promise<Uint8Array>;

/** All pictures of a session, their pixels, and which of them is being looked at. */
export class Album {
  readonly #read: ReadPicture;
  readonly #wishes: PictureWishes;
  readonly #pictures = new Map<string, SeenPicture>();
  readonly #entries: AlbumEntry[] = [];
  /** Where in the list each place is. */
  readonly #numbers = new Map<string, number>();
  /** As the model sees them, by id: a third of a megabyte each. */
  readonly #pixels = new Map<string, Pixels>();
  /** The picture decoded last, until its pixels are needed. */
  #decoded: { readonly id: string; readonly picture: DecodedPicture } | undefined;
  current: SeenPicture | undefined;

  constructor(read: ReadPicture, wishes: PictureWishes) {
    this.#read = read;
    this.#wishes = wishes;
  }

  /** All pictures, in the order in which they were first named. */
  get entries(): readonly AlbumEntry[] {
    return this.#entries;
  }

  /** Lists pictures without looking at them; those that are listed stay where they are. */
  add(places: readonly PicturePlace[]): void {
    for (const place of places) {
      if (this.#numberOf(place) === undefined) this.#push({ place, label: labelOf(place), seen: undefined });
    }
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
    const { id, sha256, decoded } = await this.#decode(place, signal);
    const seen = this.#pictures.get(id) ?? { id, sha256, place, info: decoded.info, turns: [] };
    this.#pictures.set(id, seen);
    this.#enter(place, seen);
    this.#decoded = this.#pixels.has(id) ? undefined : { id, picture: decoded };
    this.current = seen;
    return { seen, decoded };
  }

  /** Its first place in the list is the one that was named for it. */
  #enter(place: PicturePlace, seen: SeenPicture): void {
    const number = this.#numberOf(place);
    const isFirst = seen.place === place;
    const entry = { place, label: isFirst ? seen.info.label : labelOf(place), seen };
    if (number !== undefined) this.#entries[number] = entry;
    else if (!this.#entries.some((other) => other.seen?.id === seen.id)) this.#push(entry);
  }

  #push(entry: AlbumEntry): void {
    this.#numbers.set(keyOf(entry.place), this.#entries.push(entry) - 1);
  }

  #numberOf(place: PicturePlace): number | undefined {
    const number = this.#numbers.get(keyOf(place));
    const other = number === undefined ? undefined : this.#entries[number]?.place;
    // Bytes have no name of their own: there may be several pictures from the clipboard.
    const isOther = place.kind === 'bytes' && other?.kind === 'bytes' && other.bytes !== place.bytes;
    return isOther ? undefined : number;
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

  async #decode(place: PicturePlace, signal: AbortSignal): Promise<DecodedPlace> {
    const bytes = await this.#read(place, signal);
    const label = place.kind === 'address' ? place.path : fileLabel(place);
    const picture = await openPicture({ kind: 'bytes', label, part: place.part, bytes }, this.#wishes);
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    const { frame, page = frame } = picture;
    return { id: partLabel(sha256, page ?? 0), sha256, decoded: await decodePicture(picture) };
  }
}

function keyOf(place: PicturePlace): string {
  return JSON.stringify([place.kind, place.kind === 'bytes' ? place.label : place.path, place.part]);
}

function labelOf(place: PicturePlace): string {
  return pictureLabel(place.kind === 'address' ? { ...place, kind: 'file' } : place);
}
