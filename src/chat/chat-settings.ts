import type { QuestionOptions } from '../answer/question-options.js';
import type { Engine, Sampling } from '../engine/engine.js';
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
  /** What each question says beside its text. */
  question: QuestionOptions;
  systemText: string | undefined;
  readonly sampling: Sampling;
}

/** How one question differs from the settings. */
export interface AskOptions {
  readonly turns?: readonly ChatTurn[];
  readonly sampling?: Sampling;
  /** Stands by itself: no turn of the conversation. */
  readonly isIndependent?: boolean;
}
