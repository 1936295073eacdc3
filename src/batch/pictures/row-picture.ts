import { createHash } from 'node:crypto';
import { stat } from 'node:fs/promises';
import { isAbsolute, join } from 'node:path';
import { realPathInside } from '../../files/real-path-inside.js';
import { decodePicture, type DecodedPicture } from '../../llava/decode-picture.js';
import { ExpectedError } from '../../llava/expected-error.js';
import { drawMarks } from '../../llava/draw-marks.js';
import type { Mark } from '../../llava/mark.js';
import { openPicture, type Picture, type PictureWishes } from '../../llava/picture.js';
import type { PictureSource } from '../../llava/picture-bytes.js';
import type { PicturePart } from '../../llava/picture-part.js';
import { toPixels, type Pixels } from '../../llava/pixels.js';
import { quote } from '../../llava/quote.js';
import { tilePictures } from '../../llava/tile-pictures.js';
import { readDataUrl } from './data-url.js';
import type { PictureFetcher } from './fetch-picture.js';
import { identityOf, type PictureIdentity } from '../rows/row-answer.js';
import { RowFailure } from '../rows/row-error.js';
import { shortImage } from '../rows/carry-fields.js';

/** Where rows' pictures come from. */
export interface PictureRules {
  /** Paths start here; default: the current folder. */
  readonly imageFolder?: string | undefined;
  /** Refuse paths that lead out of that folder, also by a link. */
  readonly restrictPaths?: boolean | undefined;
  /** Without it, addresses are refused. */
  readonly fetcher?: PictureFetcher | undefined;
  readonly wishes: PictureWishes;
  /** Frame or page of rows that name none. */
  readonly part?: PicturePart | undefined;
}

/** A picture as a row names it. */
export interface NamedPicture {
  /** A path, an address or a data URL. */
  readonly image: string;
  /** More of them, on one sheet with that one. */
  readonly beside?: readonly string[] | undefined;
  readonly part?: PicturePart | undefined;
}

/** A picture of a row: what it is, and its bytes when they cannot simply be read again. */
export interface FoundPicture extends PictureIdentity {
  readonly bytes?: Uint8Array;
}

export function isAddress(image: string): boolean {
  return /^https?:/i.test(image);
}

/** How a row names its picture. */
export function namedBy({ image, beside, part }: NamedPicture): NamedPicture {
  return { image, beside, part };
}

/** Whether it comes from the web, in whole or in part. */
export function isFetched(named: NamedPicture): boolean {
  return imagesOf(named).some(isAddress);
}

/** Whether the row holds it, in whole or in part. */
export function holdsData(named: NamedPicture): boolean {
  return imagesOf(named).some((image) => /^data:/i.test(image));
}

function imagesOf({ image, beside = [] }: NamedPicture): readonly string[] {
  return [image, ...beside];
}

/**
 * Finds out which picture a row names, by its content; the header is checked, nothing is decoded.
 * @throws RowFailure
 */
export async function findPicture(
  named: NamedPicture,
  rules: PictureRules,
  signal?: AbortSignal,
): Promise<FoundPicture> {
  const picture = await open(await sourceOf(named, rules, signal), rules);
  const identity = identityOf({ ...picture, sha256: sha256Of(picture.bytes) });
  return isFetched(named) ? { ...identity, bytes: picture.bytes } : identity;
}

/**
 * The pixels of a picture that was found before.
 * @param bytes its bytes, where they were kept
 * @throws RowFailure; 'picture_changed' when it is another one by now
 */
export async function loadFoundPicture(
  named: NamedPicture,
  found: FoundPicture,
  { imageSize, marks }: { readonly imageSize: number; readonly marks: readonly Mark[] },
  rules: PictureRules,
  signal?: AbortSignal,
): Promise<Pixels> {
  const decoded = await decodeAgain(named, found, rules, signal);
  return toPixels(await drawMarks(decoded, marks), imageSize);
}

/** Decodes to the last pixel. @throws RowFailure 'bad_picture' */
export async function checkPixels(
  named: NamedPicture,
  found: FoundPicture,
  rules: PictureRules,
  signal?: AbortSignal,
): Promise<void> {
  await decodeAgain(named, found, rules, signal);
}

async function decodeAgain(
  named: NamedPicture,
  found: FoundPicture,
  rules: PictureRules,
  signal?: AbortSignal,
): Promise<DecodedPicture> {
  const source =
    found.bytes === undefined ? await sourceOf(named, rules, signal) : fromBytes(named, rules, found.bytes);
  const picture = await open(source, rules);
  if (sha256Of(picture.bytes) !== found.sha256)
    throw new RowFailure(
      'picture_changed',
      `Picture ${quote(shortImage(named.image))} changed while the batch ran.`,
    );
  return await asRowFailure(() => decodePicture(picture));
}

async function sourceOf(
  named: NamedPicture,
  rules: PictureRules,
  signal?: AbortSignal,
): Promise<PictureSource> {
  const { beside, part } = named;
  if (beside === undefined) return await sourceOfOne(named, rules, signal);
  const sources: PictureSource[] = [];
  for (const image of imagesOf(named)) sources.push(await sourceOfOne({ image, part }, rules, signal));
  return await asRowFailure(() => tilePictures(sources, rules.wishes));
}

async function sourceOfOne(
  named: NamedPicture,
  rules: PictureRules,
  signal?: AbortSignal,
): Promise<PictureSource> {
  const { image } = named;
  if (/^data:/i.test(image)) return fromBytes(named, rules, readDataUrl(image));
  if (isAddress(image)) {
    if (rules.fetcher === undefined)
      throw new RowFailure(
        'url_refused',
        `Picture ${quote(image)} is a web address, and those are not allowed.`,
      );
    return fromBytes(named, rules, await rules.fetcher.fetch(image, signal));
  }
  const path = isAbsolute(image) ? image : join(rules.imageFolder ?? '', image);
  const part = named.part ?? rules.part;
  if (rules.restrictPaths === true)
    return { kind: 'file', path: await insideFolder(path, image, rules), part };
  await checkRegular(path, image);
  return { kind: 'file', path, part };
}

/** The real path, links followed. @throws RowFailure 'path_refused' when it leads out of the folder of pictures */
async function insideFolder(path: string, image: string, rules: PictureRules): Promise<string> {
  const real = await realPathInside(path, [rules.imageFolder ?? '.']);
  if (real === undefined)
    throw new RowFailure('path_refused', `Picture ${quote(image)} is outside the folder of pictures.`);
  await checkRegular(real, image);
  return real;
}

/** Opening a pipe without a writer would wait for ever. */
async function checkRegular(path: string, image: string): Promise<void> {
  const stats = await stat(path).catch(() => undefined);
  if (stats === undefined || stats.isFile() || stats.isDirectory()) return;
  throw new RowFailure('bad_picture', `Picture ${quote(image)} is not a regular file.`);
}

function fromBytes({ image, part }: NamedPicture, rules: PictureRules, bytes: Uint8Array): PictureSource {
  return { kind: 'bytes', label: shortImage(image), part: part ?? rules.part, bytes };
}

async function open(source: PictureSource, { wishes }: PictureRules): Promise<Picture> {
  return await asRowFailure(() => openPicture(source, wishes));
}

async function asRowFailure<Result>(work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof ExpectedError && error.kind === 'input')
      throw new RowFailure('bad_picture', `${error.message}.`, error);
    throw error;
  }
}

function sha256Of(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
