import * as v from 'valibot';
import type { Answer } from '../../answer/answer-question.js';

/** Hexadecimal sha256 of a picture's bytes, and what its header says; width and height in pixels, upright. */
export const pictureIdentitySchema = v.object({
  sha256: v.string(),
  width: v.number(),
  height: v.number(),
  /** EXIF's number of the turn that made it upright, if there was one. */
  orientation: v.exactOptional(v.number()),
  /** Which one was asked for, from 1. */
  frame: v.exactOptional(v.number()),
  page: v.exactOptional(v.number()),
  /** It is damaged, and what could be decoded was taken. */
  repaired: v.exactOptional(v.literal(true)),
});
export type PictureIdentity = Readonly<v.InferOutput<typeof pictureIdentitySchema>>;

/** Equal for what shows the same: the same frame or page of the same bytes. */
export function contentKey({ sha256, frame, page = frame }: PictureIdentity): string {
  return page === undefined ? sha256 : `${sha256}#${page}`;
}

/** What is remembered of a picture. */
export function identityOf(picture: PictureIdentity): PictureIdentity {
  const { sha256, width, height, orientation, frame, page, repaired } = picture;
  return {
    ...{ sha256, width, height },
    ...(orientation === undefined ? {} : { orientation }),
    ...(frame === undefined ? {} : { frame }),
    ...(page === undefined ? {} : { page }),
    ...(repaired === undefined ? {} : { repaired }),
  };
}

const count = v.pipe(v.number(), v.integer(), v.minValue(0));

export const rowAnswerSchema = v.object({
  answer: v.string(),
  /** Why the answer ended. */
  stop: v.picklist(['end', 'max-tokens', 'context-full']),
  device: v.string(),
  tokens: v.object({ prompt: count, image: count, answer: count }),
  /** When probabilities were asked for. */
  choices: v.optional(
    v.array(
      v.object({ choice: v.string(), logLikelihood: v.number(), tokens: count, probability: v.number() }),
    ),
  ),
  /** When the probabilities of its tokens were asked for. */
  logprobs: v.optional(v.array(v.object({ text: v.string(), logProbability: v.number() }))),
  /** Milliseconds; written to rows only when asked for, since they are never the same twice. */
  ms: v.optional(v.object({ question: v.number(), answer: v.number() })),
});
/** What the engine says to one question: all of it that output rows are made of. */
export type RowAnswer = Readonly<v.InferOutput<typeof rowAnswerSchema>>;

/** An answer as rows and the journal have it. */
export function rowAnswerOf(
  { text, stop, choices, tokens, usage, counts }: Answer,
  device: string,
): RowAnswer {
  return {
    answer: text,
    stop,
    device,
    tokens: counts,
    ...(choices === undefined ? {} : { choices: [...choices] }),
    ...(tokens === undefined ? {} : { logprobs: [...tokens] }),
    ms: { question: usage.questionMs, answer: usage.answerMs },
  };
}

/** A row's answer with what else its output row tells. */
export interface AnsweredRow {
  readonly answer: RowAnswer;
  readonly picture: PictureIdentity;
  /** The user's turn as it was asked. */
  readonly request: string;
  readonly fingerprint: string;
}

/** What output rows say of the whole batch. */
export interface BatchFacts {
  /** Name of the weights. */
  readonly model: string;
  /** When the batch began, in seconds since 1970; the same after it was resumed. */
  readonly created: number;
  /** Whether rows tell how long they took. */
  readonly timings: boolean;
}
