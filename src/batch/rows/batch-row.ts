import type { Asking } from '../../answer/asked-question.js';
import type { PicturePart } from '../../llava/picture-part.js';
import type { RowError } from './row-error.js';

/** Whose form a row has; its answer has the same one's. */
export type RowShape = 'own' | 'llava' | 'openai';

/** Fields of a row, as its JSON has them. */
export type RowFields = Readonly<Record<string, unknown>>;

interface Row {
  /** Line of the input, from 1. */
  readonly line: number;
  /** Bytes of that line. */
  readonly bytes: number;
  /** What the output row takes over. */
  readonly fields: RowFields;
}

/** A row that can be asked. */
export interface BatchRow extends Row, Asking {
  readonly shape: RowShape;
  /** A path, an `http(s)` address or a data URL. */
  readonly image: string;
  /** More pictures, on one sheet with that one. */
  readonly beside?: readonly string[] | undefined;
  /** Of a file with several frames or pages. */
  readonly part?: PicturePart | undefined;
}

/** A row without its place in the input. */
export type ParsedRow = Omit<BatchRow, 'line' | 'bytes'>;

/** A row that cannot. */
export interface FailedRow extends Row {
  /** Undefined when it could not be told. */
  readonly shape: RowShape | undefined;
  readonly error: RowError;
}
