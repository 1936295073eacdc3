import { readBase64, readDataUrl } from '../batch/pictures/data-url.js';
import type { PictureFetcher } from '../batch/pictures/fetch-picture.js';
import { isAddress } from '../batch/pictures/row-picture.js';
import { shortImage } from '../batch/rows/carry-fields.js';
import { MAX_PICTURE_BYTES, readPictureBytes, type PictureSource } from '../llava/picture-bytes.js';
import { pictureError } from '../llava/picture-error.js';
import { sniffFormat } from '../llava/sniff-format.js';
import { findAllowedFile } from './allowed-folders.js';

/** Where the pictures of calls may come from. */
export interface PictureRules {
  /** What files must lie in. */
  readonly folders: readonly string[];
  /** Fetches addresses; without it they are refused. */
  readonly fetcher: PictureFetcher | undefined;
}

/** Paths are shorter on all systems. */
const LONGEST_PATH = 4096;
/** Characters of base64 that tell what it holds. */
const HEAD = 64;

/**
 * The picture that a call names, read but not decoded.
 * @throws ExpectedError('input') for what may not be opened; RowFailure for bad data, or a fetch that failed
 */
export async function readCallPicture(
  picture: string,
  { folders, fetcher }: PictureRules,
  signal: AbortSignal,
): Promise<PictureSource> {
  const fromBytes = (bytes: Uint8Array) => ({ kind: 'bytes', label: shortImage(picture), bytes }) as const;
  if (/^data:/i.test(picture)) return fromBytes(readDataUrl(picture));
  if (isAddress(picture)) {
    if (fetcher === undefined) throw noFetching(picture);
    return fromBytes(await fetcher.fetch(picture, signal));
  }
  if (looksLikeBase64(picture)) return { kind: 'bytes', label: 'base64', bytes: decode(picture) };
  const path = await findAllowedFile(picture, folders);
  return fromBytes(await readPictureBytes({ kind: 'file', path }, MAX_PICTURE_BYTES));
}

/** Whether a picture is a file by its path or `file:` address. */
export function isFileName(picture: string): boolean {
  return !/^data:/i.test(picture) && !isAddress(picture) && !looksLikeBase64(picture);
}

/** The base64 of a JPEG begins like a path, with `/9j/`; what it decodes to tells it from one. */
function looksLikeBase64(text: string): boolean {
  if (text.length > LONGEST_PATH) return true;
  const head = Buffer.from(text.slice(0, HEAD), 'base64');
  return /^[\w+/=\s-]+$/.test(text) && sniffFormat(head).kind === 'decodable';
}

function decode(picture: string): Uint8Array {
  const bytes = readBase64(picture);
  if (bytes !== undefined) return bytes;
  throw pictureError(picture, 'is not base64, and too long for a path', 'Give a path or a data URL.');
}

function noFetching(picture: string): Error {
  return pictureError(
    picture,
    'is a web address, and this server fetches none',
    'Save the picture in an allowed folder and give its path; the user can start the server with --allow-urls.',
  );
}
