import type { AnswerReading } from '../llava/read-answer.js';
import type { ResponseFormat } from '../llava/response-format.js';

/** One answered picture, as `--json` writes it; times in milliseconds. */
export interface AnswerRecord extends AnswerReading {
  readonly picture: string;
  readonly question: string;
  readonly format: ResponseFormat;
  readonly answer: string;
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
