import type { AnswerReading } from '../llava/read-answer.js';
import type { ResponseFormat } from '../llava/response-format.js';

/** One of several answers; natural logarithms. */
export interface RecordedChoice {
  readonly choice: string;
  readonly logLikelihood: number;
  readonly tokens: number;
  readonly probability: number;
}

/** One answered picture, as `--json` writes it; times in milliseconds. */
export interface AnswerRecord extends AnswerReading {
  readonly picture: string;
  readonly question: string;
  readonly format: ResponseFormat;
  readonly answer: string;
  /** What the answer says, under a schema. */
  readonly value?: unknown;
  /** All choices with their probabilities, when these were asked for. */
  readonly probabilities?: readonly RecordedChoice[];
  /** The answer's tokens, when their probabilities were asked for. */
  readonly logprobs?: readonly { readonly text: string; readonly logProbability: number }[];
  /** Why the answer ended: `end`, `max-tokens` or `context-full`. */
  readonly stop: string;
  readonly model: string;
  readonly device: string;
  /** The upright picture, in pixels. */
  readonly width: number;
  readonly height: number;
  readonly tokens: { readonly prompt: number; readonly image: number; readonly answer: number };
  readonly ms: {
    readonly picture: number;
    readonly encode: number;
    readonly look: number;
    readonly question: number;
    readonly answer: number;
  };
}
