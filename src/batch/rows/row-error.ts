import { ExpectedError } from '../../llava/expected-error.js';

/** Every way a row can fail, with what it means; docs/batch.md shows the same table and a test compares them. */
export const ROW_ERROR_CODES = {
  bad_json: 'the line is not a JSON object',
  bad_encoding: 'the line is not UTF-8',
  line_too_long: 'the line is longer than 64 MiB',
  bad_row: 'a field is missing or wrong',
  unsupported: 'the row asks for something unsupported, such as several turns',
  bad_picture: 'the picture is missing, damaged or not a picture',
  picture_changed: 'the picture changed while the batch ran',
  path_refused: 'the path leads out of the folder of pictures',
  url_refused: 'addresses are not allowed, or this host is not',
  private_address: 'the host is in a private network',
  too_many_redirects: 'the address redirects too often',
  too_large: 'the picture at the address is larger than allowed',
  timeout: 'the picture did not arrive in time',
  http_status: 'the server answered with a failure',
  fetch_failed: 'the server could not be reached, or closed the connection',
  engine_failed: 'the engine could not answer, for example because the question does not fit the context',
} as const;

export type RowErrorCode = keyof typeof ROW_ERROR_CODES;

/** Why a row has no answer. */
export interface RowError {
  readonly code: RowErrorCode;
  readonly message: string;
}

/** A failure of one row, or of the picture it is about; it never stops the batch. */
export class RowFailure extends Error {
  override readonly name = 'RowFailure';
  readonly code: RowErrorCode;

  constructor(code: RowErrorCode, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.code = code;
  }

  get error(): RowError {
    return { code: this.code, message: this.message };
  }
}

/** Runs what may find a row wrong. @throws RowFailure 'bad_row' in place of an expected error */
export function asBadRow<Result>(read: () => Result): Result {
  try {
    return read();
  } catch (error) {
    if (error instanceof ExpectedError) throw new RowFailure('bad_row', error.message, error);
    throw error;
  }
}
