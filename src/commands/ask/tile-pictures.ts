import { ExpectedError } from '../../llava/expected-error.js';
import { pictureLabel } from '../../llava/picture-bytes.js';
import type { NamedPictures } from '../options/fetch-named.js';

/** More are too small on one sheet, of which the model sees 336×336 pixels. */
const MOST_TILES = 16;
/** Pixels of a picture's longest side on the sheet. */
const LONGEST_SIDE = 448;

/**
 * All pictures on one sheet, in rows, numbered from 1 above each. LLaVA-1.5 was trained with one picture a question.
 * @throws ExpectedError('input') when one cannot be had or read, ExpectedError('usage') for too many
 */
export async function tilePictures(
  { sources, failures }: NamedPictures,
  exif: boolean,
): Promise<NamedPictures> {
  const [failure] = failures;
  if (failure !== undefined) throw failure[1];
  if (sources.length > MOST_TILES)
    throw new ExpectedError('usage', `--tile takes ${MOST_TILES} pictures at most, not ${sources.length}.`, {
      hint: 'Ask about fewer, or leave out --tile',
    });
  const { pictureSheet } = await import('../../llava/picture-sheet.js');
  const bytes = await pictureSheet(sources, { exif, longestSide: LONGEST_SIDE, scale: 2 });
  return { sources: [{ kind: 'bytes', label: sources.map(pictureLabel).join(' + '), bytes }], failures };
}
