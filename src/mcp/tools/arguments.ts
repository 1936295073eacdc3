import * as v from 'valibot';
import { samplingFields } from '../../answer/question-fields.js';

/** Longest text, in characters: far beyond what a context holds, and still counted at once. */
const MAX_TEXT = 100_000;

/** The picture that a tool looks at. */
export const pictureArgument = v.pipe(
  v.string(),
  v.nonEmpty('a path, a data URL or base64'),
  v.description(
    'The picture: the path of a JPEG, PNG, WebP, AVIF, GIF, TIFF or SVG file in an allowed folder, its file:// ' +
      'address, a data URL, or base64.',
  ),
);

/** A text that says something. */
export function textArgument(description: string) {
  return v.pipe(
    v.string(),
    v.regex(/\S/, 'a text that is not empty'),
    v.maxLength(MAX_TEXT, `a text of at most ${MAX_TEXT} characters`),
    v.description(description),
  );
}

/** A part of a picture, as the tool `find` gives it. */
export const regionArgument = v.optional(
  v.pipe(
    v.strictObject({ x: v.number(), y: v.number(), width: v.number(), height: v.number() }),
    v.description(
      'The part of the picture to ask about: left, top, width and height in pixels of the upright picture, or all as ' +
        'fractions from 0 to 1. Takes the rectangle that find returns.',
    ),
  ),
);

/** The length of an answer. */
export const lengthArgument = v.pipe(
  samplingFields.max_tokens,
  v.description('Most tokens of the answer; a word has one or two.'),
);

/** A region as fields of a question say it. */
export function regionField(region: v.InferOutput<typeof regionArgument>): number[] | undefined {
  return region === undefined ? undefined : [region.x, region.y, region.width, region.height];
}
