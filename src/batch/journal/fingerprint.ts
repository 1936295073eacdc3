import { createHash } from 'node:crypto';
import type { AskedQuestion } from '../../answer/asked-question.js';
import type { Mark } from '../../llava/mark.js';
import type { PictureWishes } from '../../llava/picture.js';
import type { NamedPicture, PictureRules } from '../pictures/row-picture.js';

/** Raised when the way from a picture's bytes to the model's input changes. */
const PIXELS_VERSION = 1;

/** Everything that an answer depends on. */
export interface AnswerSource extends AskedQuestion {
  /** Drawn on the picture. */
  readonly marks: readonly Mark[];
  /** Of the picture's bytes. */
  readonly sha256: string;
  /** Frame or page, from 1, where one was asked for. */
  readonly part: number | undefined;
  readonly wishes: PictureWishes;
  /** Tells one pair of weights from every other. */
  readonly weights: string;
  /** Line of the input. */
  readonly line: number;
}

/**
 * 22 letters that are equal when the answers are bound to be: same question, picture, settings and weights.
 * Sampling without a seed answers anew each time, so there the line counts as well.
 */
export function fingerprintOf(source: AnswerSource): string {
  const { request, sampling, choosing, form, marks, sha256, part, wishes, weights, line } = source;
  const { exif = true, colourManaged, repair } = wishes;
  const { temperature, topP, seed, maxTokens, grammar, logprobs } = sampling;
  const drawn = temperature === 0 ? [0] : [temperature, topP, seed ?? `line ${line}`];
  const usual = [undefined, undefined, undefined, undefined, []];
  const special = [choosing, grammar, logprobs, form.schema?.given, marks];
  const isSpecial = JSON.stringify(special) !== JSON.stringify(usual);
  const rest = [...(isSpecial ? special : []), ...readingOf(part, colourManaged, repair)];
  return keyOf(['question', PIXELS_VERSION, request, drawn, maxTokens, sha256, exif, weights, ...rest]);
}

/** The key under which the journal remembers what a row's picture turned out to be. */
export function pictureKeyOf(
  { image, beside, part }: NamedPicture,
  { wishes, part: usual }: PictureRules,
): string {
  const { exif = true, colourManaged, repair } = wishes;
  const name = beside === undefined ? image : [image, ...beside];
  return keyOf(['picture', PIXELS_VERSION, name, exif, ...readingOf(part ?? usual, colourManaged, repair)]);
}

/** Nothing where a picture is read as usual, so that keys of earlier versions hold. */
function readingOf(...wishes: readonly unknown[]): readonly unknown[] {
  return wishes.some((wish) => wish !== undefined) ? wishes : [];
}

/** 128 bits of the sha256 over JSON. */
function keyOf(parts: readonly unknown[]): string {
  return createHash('sha256').update(JSON.stringify(parts)).digest().subarray(0, 16).toString('base64url');
}
