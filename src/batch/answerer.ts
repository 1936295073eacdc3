import type { Sampling } from '../engine/engine.js';
import type { Choosing } from '../llava/choosing.js';
import type { Pixels } from '../llava/pixels.js';
import type { RowAnswer } from './rows/row-answer.js';

/** One question about a picture. */
export interface PictureQuestion {
  /** The user's turn: question and formatting prompt. */
  readonly request: string;
  readonly sampling: Sampling;
  /** What the answer is one of; undefined when it is free. */
  readonly choosing: Choosing | undefined;
}

/** A picture that the engine has looked at; what questions about it share is computed once. */
export interface ShownPicture {
  /** @throws ExpectedError('engine') when this question cannot be answered; anything else ends the batch */
  ask(question: PictureQuestion, signal: AbortSignal): Promise<RowAnswer>;
}

/** What a batch needs of an engine. */
export interface Answerer {
  /** Questions that are answered side by side. */
  readonly parallel: number;
  /** @throws ExpectedError('engine') when the picture cannot be encoded; anything else ends the batch */
  show(pixels: Pixels, signal: AbortSignal): Promise<ShownPicture>;
}
