import type { Sampling } from '../engine/engine.js';
import type { Pixels } from '../llava/pixels.js';
import type { RowAnswer } from './row-answer.js';
import type { RowError } from './row-error.js';

/** A picture as it is shown to the model. */
export interface ShownPicture {
  /** Of its bytes, in hexadecimal: names it in caches. */
  readonly sha256: string;
  readonly pixels: Pixels;
}

/** One question about it. */
export interface GroupQuestion {
  /** The user's turn: question and formatting prompt. */
  readonly request: string;
  readonly sampling: Sampling;
}

/** What became of the question at that place of the group, from 0. */
export type GroupOutcome =
  | { readonly question: number; readonly answer: RowAnswer }
  | { readonly question: number; readonly error: RowError };

/** What a batch needs of an engine: the questions of one picture, side by side if it can. */
export interface Answerer {
  /**
   * Each question's outcome as soon as it is known, in any order. One group at a time.
   * @throws ExpectedError 'engine': the questions without an outcome fail, and the batch goes on;
   * anything else ends it
   */
  answerGroup(
    picture: ShownPicture,
    questions: readonly GroupQuestion[],
    signal: AbortSignal,
  ): AsyncIterable<GroupOutcome>;
}
