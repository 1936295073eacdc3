import type { PicturePlace } from '../../chat/album.js';
import type { PictureNames } from '../../chat/picture-words.js';
import { ExpectedError } from '../../llava/expected-error.js';
import type { PictureSource } from '../../llava/picture-bytes.js';
import { isRange } from '../../llava/picture-part.js';
import type { PictureWishes } from '../../llava/picture.js';
import type { CommandContext } from '../command-context.js';
import { arrangePictures } from '../options/arrange-pictures.js';
import { findNamed } from '../options/picture-sources.js';
import { readPlace } from './read-picture.js';

/**
 * The places of the pictures that are named, by the rules of `llava ask`. Addresses are fetched only where several frames
 * or pages of one, or a sheet, are made of it.
 * @throws ExpectedError as `pictureSources` does; 'usage' for stdin, which is the conversation
 */
export async function namePlaces(
  { words, parts, tile, ...naming }: PictureNames,
  wishes: PictureWishes,
  context: CommandContext,
  signal: AbortSignal,
): Promise<readonly PicturePlace[]> {
  if (words.includes('-') || naming.filesFrom === '-')
    throw new ExpectedError('usage', '"-" stands for stdin, and the chat reads its lines there.', {
      hint: 'Name a file, or --clipboard',
    });
  const found = await findNamed(words, naming, { ...context, signal });
  const places = found.map((one): PicturePlace =>
    typeof one === 'string' ? { kind: 'address', path: one } : one,
  );
  const part = parts === undefined || isRange(parts) ? undefined : parts;
  if (places.length === 0 || (tile !== true && part === parts))
    return places.map((place) => ({ ...place, part }));
  const sources: PictureSource[] = [];
  for (const place of places) sources.push(await sourceOf(place, signal));
  return (await arrangePictures({ sources, failures: [] }, { parts, tile, wishes })).sources;
}

async function sourceOf(place: PicturePlace, signal: AbortSignal): Promise<PictureSource> {
  if (place.kind !== 'address') return place;
  return { kind: 'bytes', label: place.path, bytes: await readPlace(place, signal) };
}
