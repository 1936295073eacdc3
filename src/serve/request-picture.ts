import { readDataUrl } from '../batch/pictures/data-url.js';
import type { PictureFetcher } from '../batch/pictures/fetch-picture.js';
import { isAddress } from '../batch/pictures/row-picture.js';
import { RowFailure } from '../batch/rows/row-error.js';
import { ExpectedError } from '../llava/expected-error.js';
import type { Mark } from '../llava/mark.js';
import type { HashedPixels, RecentPixels } from './recent-pixels.js';
import { RequestProblem } from './request-problem.js';

/**
 * The picture of a request: the bytes of a data URL, or of an address where these are allowed. No file is ever opened.
 * @param recent has the pixels of pictures asked about before
 * @param fetcher fetches addresses; without it they are refused
 * @throws RequestProblem 400 for what is no picture, or may not be fetched
 */
export async function readRequestPicture(
  image: string,
  options: { readonly imageSize: number; readonly marks: readonly Mark[] },
  recent: RecentPixels,
  fetcher: PictureFetcher | undefined,
  signal: AbortSignal,
): Promise<HashedPixels> {
  try {
    return await recent.load('image_url', await bytesOf(image, fetcher, signal), options);
  } catch (error) {
    if (error instanceof RowFailure) throw pictureProblem(error.message, error.code);
    if (error instanceof ExpectedError && error.kind === 'input') throw pictureProblem(error.message);
    throw error;
  }
}

async function bytesOf(
  image: string,
  fetcher: PictureFetcher | undefined,
  signal: AbortSignal,
): Promise<Uint8Array> {
  if (/^data:/i.test(image)) return readDataUrl(image);
  if (!isAddress(image)) throw pictureProblem('A picture is a data URL, such as "data:image/png;base64,…".');
  if (fetcher === undefined)
    throw pictureProblem('This server fetches no pictures: send a data URL, or start it with --allow-urls.');
  return await fetcher.fetch(image, signal);
}

function pictureProblem(message: string, code = 'invalid_image'): RequestProblem {
  return new RequestProblem(400, message, { param: 'messages', code });
}
