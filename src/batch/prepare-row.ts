import { putQuestion, type AskedQuestion } from '../answer/asked-question.js';
import type { BatchRow, FailedRow } from './rows/batch-row.js';
import { fingerprintOf } from './journal/fingerprint.js';
import type { PictureFinder } from './pictures/picture-finder.js';
import { asBadRow, RowFailure } from './rows/row-error.js';
import { namedBy, type FoundPicture } from './pictures/row-picture.js';
import type { PictureWishes } from '../llava/picture.js';

/** A row whose picture was found: ready to be asked. */
export interface AskableRow extends AskedQuestion {
  readonly row: BatchRow;
  readonly picture: FoundPicture;
  readonly fingerprint: string;
}

/** What answers depend on besides their rows. */
export interface AnswerBasis {
  readonly wishes: PictureWishes;
  readonly weights: string;
}

/** Finds the row's picture, and with it its fingerprint; a picture that cannot be had fails the row. */
export async function prepareRow(
  row: BatchRow | FailedRow,
  finder: PictureFinder,
  { wishes, weights }: AnswerBasis,
): Promise<AskableRow | FailedRow> {
  if ('error' in row) return row;
  try {
    const picture = await finder.find(namedBy(row));
    const asked = asBadRow(() => putQuestion(row, picture));
    const { marks, line } = row;
    const { sha256, frame, page: part = frame } = picture;
    const fingerprint = fingerprintOf({ ...asked, marks, sha256, part, wishes, weights, line });
    return { ...asked, row, picture, fingerprint };
  } catch (error) {
    if (!(error instanceof RowFailure)) throw error;
    return failRow(row, error);
  }
}

export function failRow(
  { shape, line, bytes, fields }: BatchRow,
  { error }: Pick<RowFailure, 'error'>,
): FailedRow {
  return { shape, line, bytes, fields, error };
}
