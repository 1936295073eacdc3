import sharp, { type Metadata } from 'sharp';
import { countFrames } from './apng.js';
import type { AsideFormat } from './decoders/decoder.js';
import {
  fileLabel,
  MAX_PICTURE_BYTES,
  partLabel,
  readPictureBytes,
  type PictureSource,
} from './picture-bytes.js';
import { DECODABLE, pictureError, undecodable } from './picture-error.js';
import { numberOfPart, type PicturePart, type PartUnit } from './picture-part.js';
import { sniffFormat, type Sniffed } from './sniff-format.js';
import { asStillAvif } from './still-avif.js';

export type { PictureSource } from './picture-bytes.js';

const SHARP_FORMATS = ['jpeg', 'png', 'webp', 'avif', 'gif', 'tiff', 'svg'] as const;
export type SharpFormat = (typeof SHARP_FORMATS)[number];
export type PictureFormat = SharpFormat | AsideFormat;

/** What files of a format with several pictures call them. */
const UNITS: Partial<Record<PictureFormat, PartUnit>> = {
  gif: 'frame',
  webp: 'frame',
  png: 'frame',
  jxl: 'frame',
  tiff: 'page',
  pdf: 'page',
};

/** What is known of a picture before decoding it; width and height in pixels, upright. */
export interface PictureInfo {
  readonly label: string;
  readonly format: PictureFormat;
  readonly width: number;
  readonly height: number;
  /** EXIF's number, 2 to 8, of the turn that made it upright; missing when there was none. */
  readonly orientation?: number;
  /** Which one was asked for, from 1. */
  readonly frame?: number;
  readonly page?: number;
  /** It is damaged, and what could be decoded was taken. */
  readonly repaired?: true;
}

/** Bytes whose header was found good. They may still turn out damaged further on. */
export interface Picture extends PictureInfo {
  readonly bytes: Uint8Array;
  /** Frame or page, from 0; undefined is the picture that the file shows first. */
  readonly index: number | undefined;
  /** How many frames or pages there are. */
  readonly count: number;
  /** Decoded by turning it as its EXIF orientation says. */
  readonly exif: boolean;
  readonly colourManaged: boolean;
  /** Largest picture to decode, in pixels. */
  readonly maxPixels: number;
  /** CMYK without a profile of its own. */
  readonly plainCmyk: boolean;
  /** Not decoded by sharp. */
  readonly isAside: boolean;
  /** Parts that can be decoded at the same time. */
  readonly pieces: number;
}

/** How pictures are read, as users wish it. */
export interface PictureWishes {
  /**
   * Turn the picture as its EXIF orientation says; the authors' code does not, but for TIFF. Default true.
   * HEIC, AVIF and JPEG XL are turned either way: there the turn is a part of decoding.
   */
  readonly exif?: boolean;
  /** Convert colours from the file's profile to sRGB; the authors' code ignores profiles, and so does the default. */
  readonly colourManaged?: boolean;
  /** Take what can be decoded of a damaged picture. Default: it is an error. */
  readonly repair?: boolean;
}

export interface PictureOptions extends PictureWishes {
  /** Default {@link MAX_PICTURE_BYTES}. */
  readonly maxBytes?: number;
  /** Default 200 million, half as many without sharp: three bytes each are held in memory. */
  readonly maxPixels?: number;
}

const DEFAULT_MAX_PIXELS = 200e6;
const DEFAULT_MAX_PIXELS_ASIDE = 100e6;
/** The longest side JPEG can say; also bounds what resizing holds in memory. */
const MAX_SIDE = 65_535;
/** One row or column of pixels shows nothing: more likely a tracking pixel or an accident than a question. */
const MIN_SIDE = 2;

/** A file's first look: what it is, and what it says of the part that was asked for. */
interface Sight {
  readonly format: PictureFormat;
  readonly width: number;
  readonly height: number;
  readonly count: number;
  /** Where sharp decodes it. */
  readonly metadata?: Metadata;
  readonly pieces?: number;
}

/**
 * Reads a picture's bytes and header and checks both, in milliseconds and without decoding.
 * @throws ExpectedError 'input': unreadable, empty, not a picture, a format not decoded here, too large, too small, or
 * without the frame or page that was asked for.
 */
export async function openPicture(source: PictureSource, options: PictureOptions = {}): Promise<Picture> {
  const { exif = true, colourManaged = false, maxBytes = MAX_PICTURE_BYTES } = options;
  const bytes = await readPictureBytes(source, maxBytes);
  const file = fileLabel(source);
  const { sight, ...part } = await lookAt(file, bytes, source.part);
  const { format, metadata, count, pieces = 1 } = sight;
  const label = part.number === undefined ? file : partLabel(file, part.number);
  const isAside = metadata === undefined;
  const { maxPixels = isAside ? DEFAULT_MAX_PIXELS_ASIDE : DEFAULT_MAX_PIXELS } = options;
  const { width, height } = exif ? (metadata?.autoOrient ?? sight) : sight;
  if (format !== 'svg') checkSides(label, width, height, maxPixels);
  if (metadata !== undefined) checkChannels(label, metadata);
  const plainCmyk =
    metadata?.space === 'cmyk' && metadata.depth === 'uchar' && metadata.channels === 4 && !metadata.icc;
  const picture = {
    ...{ label, format, width, height },
    ...(metadata === undefined ? {} : turnOf(metadata, exif)),
    ...(part.number === undefined ? {} : { [part.unit]: part.number }),
    index: part.number === undefined ? undefined : part.number - 1,
    ...{ bytes, count, exif, colourManaged, maxPixels, plainCmyk, isAside, pieces },
  };
  return options.repair === true && (await isDamaged(picture)) ? { ...picture, repaired: true } : picture;
}

/**
 * What {@link openPicture} finds, without holding on to the bytes: for checking many pictures ahead.
 * @throws ExpectedError 'input', as `openPicture` does.
 */
export async function inspectPicture(
  source: PictureSource,
  options: PictureOptions = {},
): Promise<PictureInfo> {
  return infoOf(await openPicture(source, options));
}

/** How many frames or pages a file has; 1 where it has none of that unit. @throws ExpectedError 'input' */
export async function countParts(source: PictureSource, unit: PartUnit): Promise<number> {
  const bytes = await readPictureBytes(source, MAX_PICTURE_BYTES);
  const { format, count } = (await lookAt(fileLabel(source), bytes, undefined)).sight;
  return UNITS[format] === unit ? count : 1;
}

/** What is known of a picture, without its bytes. */
export function infoOf(picture: PictureInfo): PictureInfo {
  const { label, format, width, height, orientation, frame, page, repaired } = picture;
  return {
    ...{ label, format, width, height },
    ...(orientation === undefined ? {} : { orientation }),
    ...(frame === undefined ? {} : { frame }),
    ...(page === undefined ? {} : { page }),
    ...(repaired === undefined ? {} : { repaired }),
  };
}

function turnOf({ orientation = 1 }: Metadata, exif: boolean): Pick<PictureInfo, 'orientation'> {
  return exif && orientation > 1 ? { orientation } : {};
}

/** The part that was asked for, and its number where the file has several or it was asked for by number. */
async function lookAt(
  label: string,
  bytes: Uint8Array,
  part: PicturePart | undefined,
): Promise<{ sight: Sight; unit: PartUnit; number: number | undefined }> {
  const first = await see(label, bytes, 0);
  if (part === undefined) return { sight: first, unit: 'frame', number: undefined };
  const { unit } = part;
  const count = UNITS[first.format] === unit ? first.count : 1;
  const number = numberOfPart(part, count);
  if (number > count) throw noSuchPart(label, part, count, first);
  if (count === 1 && typeof part.at !== 'number') return { sight: first, unit, number: undefined };
  return { sight: number === 1 ? first : await see(label, bytes, number - 1), unit, number };
}

/** @param index of the frame or page, from 0 */
async function see(label: string, bytes: Uint8Array, index: number): Promise<Sight> {
  const metadata = await readMetadata(bytes, index);
  const format = metadata instanceof Error ? undefined : formatOf(metadata);
  if (!(metadata instanceof Error) && format !== undefined)
    return {
      format,
      metadata,
      count: countOf(format, metadata, bytes),
      width: metadata.width,
      height: metadata.height,
    };
  const sniffed = sniffFormat(bytes);
  if (sniffed.kind !== 'decodable' || sniffed.aside === undefined)
    throw notDecodable(label, sniffed, metadata instanceof Error ? metadata : undefined);
  const { inspectAside } = await import('./decoder-pool.js');
  try {
    const {
      width,
      height,
      frames = 1,
      pieces = 1,
    } = await inspectAside({ format: sniffed.aside, bytes, index });
    return { format: sniffed.aside, count: frames, pieces, width, height };
  } catch (error) {
    throw undecodable(label, error, sniffed.name);
  }
}

/** What sharp says of one frame or page, or the error that it ends in. */
async function readMetadata(bytes: Uint8Array, page: number): Promise<Metadata | Error> {
  try {
    return await sharp(asStillAvif(bytes), {
      limitInputPixels: false,
      ...(page === 0 ? {} : { page }),
    }).metadata();
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error));
  }
}

/** Only what the tests cover, whatever else this machine's image library could open. */
function formatOf({ format, compression }: Metadata): SharpFormat | undefined {
  const name = format === 'heif' && compression === 'av1' ? 'avif' : format;
  return SHARP_FORMATS.find((known) => known === name);
}

function countOf(format: SharpFormat, { pages = 1 }: Metadata, bytes: Uint8Array): number {
  if (format === 'png') return countFrames(bytes);
  return UNITS[format] === undefined ? 1 : pages;
}

/** Whether decoding it meets an error anywhere. */
async function isDamaged({ bytes, index, maxPixels, isAside }: Picture): Promise<boolean> {
  if (isAside) return false;
  try {
    const page = index === undefined || index === 0 ? {} : { page: index };
    await sharp(asStillAvif(bytes), { failOn: 'error', limitInputPixels: maxPixels, ...page })
      .raw()
      .toBuffer();
    return false;
  } catch {
    return true;
  }
}

function checkSides(label: string, width: number, height: number, maxPixels: number): void {
  const size = `is ${width}×${height} pixels`;
  if (width * height > maxPixels || Math.max(width, height) > MAX_SIDE) {
    const limit = `more than the ${maxPixels / 1e6} million, or ${MAX_SIDE} on a side, allowed`;
    throw pictureError(label, `${size}, ${limit}`, 'Scale it down first; the model sees 336 on a side.');
  }
  if (Math.min(width, height) < MIN_SIDE) {
    throw pictureError(
      label,
      `${size}: nothing to see`,
      `Give one of at least ${MIN_SIDE}×${MIN_SIDE} pixels.`,
    );
  }
}

/** Measurements, such as heights or infrared, have no colours to show and no agreed white. */
function checkChannels(label: string, { depth, channels }: Metadata): void {
  if ((depth === 'uchar' || depth === 'ushort') && channels <= 5) return;
  const problem = `holds ${channels} ${depth} numbers per pixel, not colours of 8 or 16 bits`;
  throw pictureError(label, problem, 'Convert it to an 8-bit PNG or JPEG first.');
}

function noSuchPart(label: string, { unit, at }: PicturePart, count: number, { format }: Sight): Error {
  const other = UNITS[format];
  const has = count === 1 ? `only one ${unit}` : `${count} ${unit}s`;
  const hint =
    count > 1
      ? `--${unit} 1-${count}, or --${unit} all`
      : other === undefined || other === unit
        ? `Leave out --${unit}`
        : `--${other} chooses one of its ${other}s`;
  return pictureError(label, `has no ${unit} ${at}: it has ${has}`, hint);
}

function notDecodable(label: string, sniffed: Sniffed, cause: unknown): Error {
  switch (sniffed.kind) {
    case 'decodable':
      return pictureError(label, `is a damaged or cut-off ${sniffed.name}`, 'Save or fetch it again.', cause);
    case 'foreign': {
      const hint = `Convert it to PNG or JPEG first; ${DECODABLE} can be read.`;
      return pictureError(label, `cannot be decoded: it is ${sniffed.name}`, hint, cause);
    }
    case 'other':
      return pictureError(label, `is not a picture but ${sniffed.name}`, `Give ${DECODABLE}.`, cause);
    case 'unknown':
      return pictureError(label, 'is not a picture of a known format', `Give ${DECODABLE}.`, cause);
  }
}
