import type { FailedRow, RowShape } from './rows/batch-row.js';
import { KeyTable } from './journal/key-table.js';
import { mapInOrder } from '../flow/map-in-order.js';
import { PictureFinder } from './pictures/picture-finder.js';
import { prepareRow } from './prepare-row.js';
import { readRows, type ReadRowsOptions } from './rows/read-rows.js';
import type { RowErrorCode } from './rows/row-error.js';
import type { PictureRules } from './pictures/row-picture.js';
import { contentKey } from './rows/row-answer.js';
import { itemsUntilAborted } from '../flow/until-aborted.js';

export interface CheckRequest extends ReadRowsOptions {
  readonly input: AsyncIterable<Uint8Array>;
  readonly pictures: PictureRules;
  /** Positions that a picture takes in the prompt: 576 for LLaVA-1.5. */
  readonly imageTokens: number;
  /** What the model is told in front of a picture. */
  readonly systemText: string;
}

/** What a batch would do. */
export interface BatchPlan {
  readonly rows: number;
  readonly shapes: Readonly<Record<RowShape, number>>;
  /** Names of pictures as rows give them, each counted as often as it is named. */
  readonly pictures: number;
  readonly distinctPictures: number;
  /** Rows that ask what another row asks of the same picture. */
  readonly duplicates: number;
  readonly errors: Readonly<Partial<Record<RowErrorCode, number>>>;
  /** Tokens to evaluate, estimated: four characters of text each; answers are not counted. */
  readonly tokens: {
    /** System text and picture, once for each distinct picture. */
    readonly pictures: number;
    /** Once for each distinct question. */
    readonly questions: number;
    /** All rows one by one, nothing shared. */
    readonly unshared: number;
  };
}

const CHARACTERS_A_TOKEN = 4;
const LOOKUPS = 8;

/**
 * Reads every row and the header of every picture, without weights.
 * @param onFailure called for each row that would fail
 * @throws whatever `signal` was aborted with
 */
export async function checkBatch(
  request: CheckRequest,
  signal: AbortSignal,
  onFailure: (row: FailedRow) => void = () => undefined,
): Promise<BatchPlan> {
  const { input, pictures, imageTokens, systemText } = request;
  const finder = new PictureFinder(pictures, undefined, signal);
  // Only within this plan are fingerprints compared, so any weights will do.
  const basis = { wishes: pictures.wishes, weights: '' };
  const shapes: Record<RowShape, number> = { own: 0, llava: 0, openai: 0 };
  const errors: Partial<Record<RowErrorCode, number>> = {};
  const pictureKeys = new Set<string>();
  const questionKeys = new KeyTable();
  let distinct = 0;
  const picture = tokensOf(systemText) + imageTokens;
  let rows = 0;
  let named = 0;
  let questions = 0;
  let unshared = 0;

  const prepared = mapInOrder(readRows(itemsUntilAborted(input, signal), request), LOOKUPS, (row) =>
    prepareRow(row, finder, basis),
  );
  for await (const row of prepared) {
    rows++;
    const { shape } = 'row' in row ? row.row : row;
    if (shape !== undefined) shapes[shape]++;
    if ('error' in row) {
      errors[row.error.code] = (errors[row.error.code] ?? 0) + 1;
      onFailure(row);
      continue;
    }
    named++;
    unshared += picture + tokensOf(row.request);
    pictureKeys.add(contentKey(row.picture));
    if (questionKeys.get(row.fingerprint) !== undefined) continue;
    questionKeys.set(row.fingerprint, distinct++);
    questions += tokensOf(row.request);
  }
  return {
    rows,
    shapes,
    pictures: named,
    distinctPictures: pictureKeys.size,
    duplicates: named - distinct,
    errors,
    tokens: { pictures: pictureKeys.size * picture, questions, unshared },
  };
}

function tokensOf(text: string): number {
  return Math.ceil(text.length / CHARACTERS_A_TOKEN);
}
