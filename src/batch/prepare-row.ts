import type { Sampling } from '../engine/engine.js';
import { formForEngine, type AnswerForm } from '../forms/answer-form.js';
import type { PictureSize } from '../llava/box.js';
import { choosingOf, type Choosing } from '../llava/choosing.js';
import { ExpectedError } from '../llava/expected-error.js';
import { checkMarks } from '../llava/mark.js';
import { writeRequest } from '../llava/response-format.js';
import type { BatchRow, FailedRow } from './rows/batch-row.js';
import { fingerprintOf } from './journal/fingerprint.js';
import type { PictureFinder } from './pictures/picture-finder.js';
import { RowFailure } from './rows/row-error.js';
import type { FoundPicture } from './pictures/row-picture.js';

/** A row whose picture was found: ready to be asked. */
export interface AskableRow {
  readonly row: BatchRow;
  readonly picture: FoundPicture;
  /** The user's turn. */
  readonly request: string;
  readonly sampling: Sampling;
  readonly choosing: Choosing | undefined;
  readonly form: AnswerForm;
  readonly fingerprint: string;
}

/** What answers depend on besides their rows. */
export interface AnswerBasis {
  readonly exif: boolean;
  readonly weights: string;
}

/** Finds the row's picture, and with it its fingerprint; a picture that cannot be had fails the row. */
export async function prepareRow(
  row: BatchRow | FailedRow,
  finder: PictureFinder,
  { exif, weights }: AnswerBasis,
): Promise<AskableRow | FailedRow> {
  if ('error' in row) return row;
  try {
    const picture = await finder.find(row.image);
    const request = requestOf(row, picture);
    const { form, marks, line } = row;
    const sampling = { ...row.sampling, ...formForEngine(form) };
    const choosing = choosingOf(row.question);
    const { sha256 } = picture;
    const asked = { request, sampling, choosing, form, marks, sha256, exif, weights, line };
    return { row, picture, request, sampling, choosing, form, fingerprint: fingerprintOf(asked) };
  } catch (error) {
    if (!(error instanceof RowFailure)) throw error;
    return failRow(row, error);
  }
}

/**
 * The row's question on this picture. The authors' question files hold their questions as they are asked, white space at
 * the ends included.
 * @throws RowFailure 'bad_row' when its region or a mark reaches out of the picture
 */
function requestOf({ shape, question, marks }: BatchRow, picture: PictureSize): string {
  const { format, ocrTokens, region, text } = question;
  const isWhole = shape === 'llava' && format === 'free' && ocrTokens === undefined && region === undefined;
  try {
    checkMarks(marks, picture);
    return isWhole ? text : writeRequest(question, picture);
  } catch (error) {
    if (error instanceof ExpectedError) throw new RowFailure('bad_row', error.message, error);
    throw error;
  }
}

export function failRow(
  { shape, line, bytes, fields }: BatchRow,
  { error }: Pick<RowFailure, 'error'>,
): FailedRow {
  return { shape, line, bytes, fields, error };
}
