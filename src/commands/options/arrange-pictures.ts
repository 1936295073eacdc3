import type { PictureWishes } from '../../llava/picture.js';
import type { PartChoice } from '../../llava/picture-part.js';
import { chooseParts } from './choose-parts.js';
import type { NamedPictures } from './fetch-named.js';

/** What becomes of the pictures that were named, before anything is asked about them. */
export interface Arrangement {
  /** Frames or pages; default: what each file shows first. */
  readonly parts?: PartChoice | undefined;
  /** All of them on one sheet, numbered. */
  readonly tile?: boolean | undefined;
  readonly wishes: PictureWishes;
}

/**
 * The frames or pages of the pictures, each as a picture of its own, or all on one sheet.
 * @throws ExpectedError('input') when a picture of a sheet cannot be had or read, or when there are too many of them
 */
export async function arrangePictures(
  { sources, failures }: NamedPictures,
  { parts, tile, wishes }: Arrangement,
): Promise<NamedPictures> {
  const chosen = await chooseParts(sources, parts);
  if (tile !== true) return { sources: chosen, failures };
  const [failure] = failures;
  if (failure !== undefined) throw failure[1];
  const { tilePictures } = await import('../../llava/tile-pictures.js');
  return { sources: [await tilePictures(chosen, wishes)], failures };
}
