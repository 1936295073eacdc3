import type { PicturePlace } from '../../chat/album.js';
import { ExpectedError } from '../../llava/expected-error.js';
import { MAX_PICTURE_BYTES, readPictureBytes } from '../../llava/picture-bytes.js';

/**
 * The bytes of a picture, from a file, the web or memory. Whoever chats typed the address, so that a host of the
 * own network is meant; where it leads on to is checked as anywhere.
 * @throws ExpectedError('input')
 */
export async function readPlace(place: PicturePlace, signal: AbortSignal): Promise<Uint8Array> {
  switch (place.kind) {
    case 'bytes':
    case 'file':
      return await readPictureBytes(place, MAX_PICTURE_BYTES);
    case 'address':
      return await fetchPicture(place.path, signal);
  }
}

async function fetchPicture(address: string, signal: AbortSignal): Promise<Uint8Array> {
  const [{ PictureFetcher }, { RowFailure }] = await Promise.all([
    import('../../batch/pictures/fetch-picture.js'),
    import('../../batch/rows/row-error.js'),
  ]);
  const privateHosts = URL.canParse(address) ? [new URL(address).host] : [];
  await using fetcher = new PictureFetcher({ privateHosts });
  try {
    return await fetcher.fetch(address, signal);
  } catch (error) {
    if (!(error instanceof RowFailure)) throw error;
    throw new ExpectedError('input', error.message, {
      hint: 'Save the picture in a browser and name the file',
      cause: error,
    });
  }
}
