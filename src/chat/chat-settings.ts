import type { Engine, Sampling } from '../engine/engine.js';
import type { Question, ResponseFormat } from '../llava/response-format.js';
import type { ChatTurn } from './chat-turn.js';

/** Weights that are on this machine, and how to load them. */
export interface LoadableModel {
  readonly name: string;
  load(): Promise<Engine>;
}

/** Loaded weights, and what to call them. */
export interface OpenedModel {
  readonly name: string;
  readonly engine: Engine;
}

/** @throws ExpectedError for a name that is none, or weights that are not here */
export type FindModel = (name: string) => Promise<LoadableModel>;

/** How questions are put from here on. */
export interface AskSettings {
  format: ResponseFormat;
  choices: readonly string[] | undefined;
  /** Every answer is one of these. */
  labels: readonly string[] | undefined;
  systemText: string | undefined;
  readonly sampling: Sampling;
}

/** A question as the settings put it. */
export function questionBy({ format, choices, labels }: AskSettings, text: string): Question {
  return {
    text,
    format,
    ...(choices === undefined ? {} : { choices }),
    ...(labels === undefined ? {} : { labels }),
  };
}

/** How one question differs from the settings. */
export interface AskOptions {
  readonly turns?: readonly ChatTurn[];
  readonly sampling?: Sampling;
  /** Stands by itself: no turn of the conversation. */
  readonly isIndependent?: boolean;
}
