import type * as v from 'valibot';
import type { AnswerRecord } from '../../answer/answer-record.js';
import type { Asking } from '../../answer/asked-question.js';
import type { Sampling } from '../../engine/engine.js';

/** What every tool is told. */
export interface ToolArguments {
  /** A path, a `file:` address, a data URL or base64; a web address where these are allowed. */
  readonly picture: string;
  /** Whether the picture comes back with the box that was found. */
  readonly draw?: boolean | undefined;
}

/** An answer as a tool gives it. */
export interface ToolResult<Result> {
  /** For agents that read nothing else. */
  readonly text: string;
  readonly result: Result;
}

/** One thing that agents can have done with a picture. */
export interface Tool<Arguments extends ToolArguments, Result> {
  readonly name: string;
  readonly title: string;
  /** What an agent has to know to use it well. */
  readonly description: string;
  readonly input: v.GenericSchema<unknown, Arguments>;
  readonly output: v.GenericSchema<unknown, Result>;
  /**
   * The question that the arguments ask.
   * @param sampling for what they do not say
   * @throws ExpectedError('usage') when they contradict each other
   */
  readonly ask: (given: Arguments, sampling: Sampling) => Asking;
  readonly tell: (record: AnswerRecord) => ToolResult<Result>;
}
