import { pictureError } from './picture-error.js';
import { pictureLabel, type PictureSource } from './picture-bytes.js';
import type { PictureWishes } from './picture.js';
import { pictureSheet } from './picture-sheet.js';

/** More are too small on one sheet, of which the model sees 336×336 pixels. */
export const MOST_TILES = 16;
/** Pixels of a picture's longest side on the sheet. */
const LONGEST_SIDE = 448;

/**
 * All pictures on one sheet, in rows, numbered from 1 above each. LLaVA-1.5 was trained with one picture a question.
 * @throws ExpectedError('input') when one cannot be read, and for too many
 */
export async function tilePictures(
  sources: readonly PictureSource[],
  wishes: PictureWishes,
): Promise<PictureSource> {
  const label = sources.map(pictureLabel).join(' + ');
  if (sources.length > MOST_TILES)
    throw pictureError(
      label,
      `is a sheet of ${sources.length} pictures, and --tile takes ${MOST_TILES} at most`,
      'Ask about fewer at a time, or leave out --tile',
    );
  const bytes = await pictureSheet(sources, { ...wishes, longestSide: LONGEST_SIDE, scale: 2 });
  return { kind: 'bytes', label, bytes };
}
