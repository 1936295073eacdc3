import type { AnswerToken, ScoredChoice } from '../engine/engine.js';
import { readAnswer, type AnswerReading } from '../llava/read-answer.js';
import type { TurnedPicture } from '../llava/box-in-file.js';
import type { Question, ResponseFormat } from '../llava/response-format.js';

/** An answered question, as JSON tells it everywhere. */
export interface AnswerRecord extends AnswerReading {
  readonly question: string;
  readonly format: ResponseFormat;
  readonly answer: string;
  /** What the answer says, under a schema. */
  readonly value?: unknown;
  /** All choices with their probabilities, when these were asked for; natural logarithms. */
  readonly probabilities?: readonly ScoredChoice[];
  /** The answer's tokens, when their probabilities were asked for. */
  readonly logprobs?: readonly AnswerToken[];
  /** Why the answer ended: `end`, `max-tokens` or `context-full`. */
  readonly stop: string;
  readonly model: string;
  readonly device: string;
  /** Of the picture's bytes, where rows tell it. */
  readonly sha256?: string;
  /** Which frame or page of the file, from 1, where one was asked for. */
  readonly frame?: number;
  readonly page?: number;
  /** The picture is damaged, and the answer is about what could be decoded of it. */
  readonly repaired?: true;
  /** The upright picture, in pixels. */
  readonly width: number;
  readonly height: number;
  readonly tokens: { readonly prompt: number; readonly image: number; readonly answer: number };
}

/** An answer as what tells of it needs it: fresh from an engine, or read back from where it was kept. */
export interface RecordedAnswer {
  readonly text: string;
  readonly stop: string;
  readonly value?: unknown;
  readonly choices?: readonly ScoredChoice[] | undefined;
  readonly tokens?: readonly AnswerToken[] | undefined;
  readonly counts: AnswerRecord['tokens'];
}

/**
 * The record of an answer about a picture, what it says in its format's own terms included.
 * @param by the model's name, and what computed
 */
export function recordAnswer(
  question: Question,
  answer: RecordedAnswer,
  by: Pick<AnswerRecord, 'model' | 'device'>,
  picture: TurnedPicture & Pick<AnswerRecord, 'sha256' | 'frame' | 'page' | 'repaired'>,
): AnswerRecord {
  const { text, stop, choices, tokens, counts } = answer;
  return {
    question: question.text,
    format: question.format,
    answer: text,
    ...readAnswer(text, question, picture),
    ...('value' in answer ? { value: answer.value } : {}),
    ...(choices === undefined ? {} : { probabilities: choices }),
    ...(tokens === undefined ? {} : { logprobs: tokens }),
    stop,
    model: by.model,
    device: by.device,
    ...(picture.sha256 === undefined ? {} : { sha256: picture.sha256 }),
    ...(picture.frame === undefined ? {} : { frame: picture.frame }),
    ...(picture.page === undefined ? {} : { page: picture.page }),
    ...(picture.repaired === undefined ? {} : { repaired: picture.repaired }),
    width: picture.width,
    height: picture.height,
    tokens: counts,
  };
}
