import type { Sampling } from '../../engine/engine.js';
import type { AnswerForm } from '../../forms/answer-form.js';
import type { Normalisation } from '../../llava/choosing.js';
import type { Mark } from '../../llava/mark.js';
import type { Region } from '../../llava/region.js';
import type { Question, ResponseFormat } from '../../llava/response-format.js';
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
export interface BatchRow extends Row {
  readonly shape: RowShape;
  /** A path, an `http(s)` address or a data URL. */
  readonly image: string;
  readonly question: Question;
  readonly sampling: Sampling;
  readonly form: AnswerForm;
  /** Drawn on the picture before the model sees it. */
  readonly marks: readonly Mark[];
}

/** A row that cannot. */
export interface FailedRow extends Row {
  /** Undefined when it could not be told. */
  readonly shape: RowShape | undefined;
  readonly error: RowError;
}

/** What the command line says for rows that do not say it themselves. */
export interface RowDefaults {
  readonly format?: ResponseFormat;
  readonly choices?: readonly string[];
  readonly ocrTokens?: readonly string[];
  /** For the tool's own rows. */
  readonly labels?: readonly string[] | undefined;
  readonly unconstrained?: boolean | undefined;
  readonly probabilities?: Normalisation | undefined;
  readonly sampling: Sampling;
  readonly form?: AnswerForm;
  readonly region?: Region | undefined;
  readonly marks?: readonly Mark[];
}
