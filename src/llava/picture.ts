import sharp, { type Metadata } from 'sharp';
import { MAX_PICTURE_BYTES, pictureLabel, readPictureBytes, type PictureSource } from './picture-bytes.js';
import { DECODABLE, pictureError } from './picture-error.js';
import { sniffFormat } from './sniff-format.js';

export type { PictureSource } from './picture-bytes.js';

const FORMATS = ['jpeg', 'png', 'webp', 'avif', 'gif', 'tiff', 'svg'] as const;
export type PictureFormat = (typeof FORMATS)[number];

/** What is known of a picture before decoding it; width and height in pixels, upright. */
export interface PictureInfo {
  readonly label: string;
  readonly format: PictureFormat;
  readonly width: number;
  readonly height: number;
  /** EXIF's number, 2 to 8, of the turn that made it upright; missing when there was none. */
  readonly orientation?: number;
}

/** Bytes whose header was found good. They may still turn out damaged further on. */
export interface Picture extends PictureInfo {
  readonly bytes: Uint8Array;
  /** Decoded by turning it as its EXIF orientation says. */
  readonly exif: boolean;
  /** Largest picture to decode, in pixels. */
  readonly maxPixels: number;
  /** CMYK without a profile of its own. */
  readonly plainCmyk: boolean;
}

export interface PictureOptions {
  /**
   * Turn the picture as its EXIF orientation says; the authors' code does not, but for TIFF. Default true.
   * AVIF is turned either way: there the turn is a part of decoding.
   */
  readonly exif?: boolean;
  /** Default {@link MAX_PICTURE_BYTES}. */
  readonly maxBytes?: number;
  /** Default 200 million: three bytes each are held in memory. */
  readonly maxPixels?: number;
}

const DEFAULT_MAX_PIXELS = 200e6;
/** The longest side JPEG can say; also bounds what resizing holds in memory. */
const MAX_SIDE = 65_535;
/** One row or column of pixels shows nothing: more likely a tracking pixel or an accident than a question. */
const MIN_SIDE = 2;

/**
 * Reads a picture's bytes and header and checks both, in milliseconds and without decoding.
 * @throws ExpectedError 'input': unreadable, empty, not a picture, a format not decoded here, too large, too small.
 */
export async function openPicture(source: PictureSource, options: PictureOptions = {}): Promise<Picture> {
  const { exif = true, maxBytes = MAX_PICTURE_BYTES, maxPixels = DEFAULT_MAX_PIXELS } = options;
  const label = pictureLabel(source);
  const bytes = await readPictureBytes(source, maxBytes);
  const header = await readHeader(label, bytes);
  const format = formatOf(header);
  if (format === undefined) throw notDecodable(label, bytes);
  const { width, height } = exif ? header.autoOrient : header;
  if (format !== 'svg') checkSides(label, width, height, maxPixels);
  checkChannels(label, header);
  const plainCmyk =
    header.space === 'cmyk' && header.depth === 'uchar' && header.channels === 4 && !header.icc;
  return { label, format, width, height, ...turnOf(header, exif), bytes, exif, maxPixels, plainCmyk };
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

/** What is known of a picture, without its bytes. */
export function infoOf({ label, format, width, height, orientation }: PictureInfo): PictureInfo {
  return { label, format, width, height, ...(orientation === undefined ? {} : { orientation }) };
}

function turnOf({ orientation = 1 }: Metadata, exif: boolean): Pick<PictureInfo, 'orientation'> {
  return exif && orientation > 1 ? { orientation } : {};
}

async function readHeader(label: string, bytes: Uint8Array): Promise<Metadata> {
  try {
    return await sharp(bytes, { limitInputPixels: false }).metadata();
  } catch (error) {
    throw notDecodable(label, bytes, error);
  }
}

/** Only what the tests cover, whatever else this machine's image library could open. */
function formatOf({ format, compression }: Metadata): PictureFormat | undefined {
  const name = format === 'heif' && compression === 'av1' ? 'avif' : format;
  return FORMATS.find((known) => known === name);
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

function notDecodable(label: string, bytes: Uint8Array, cause?: unknown): Error {
  const sniffed = sniffFormat(bytes);
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
