import stringWidth from 'string-width';

const graphemes = new Intl.Segmenter('en', { granularity: 'grapheme' });
const words = new Intl.Segmenter('en', { granularity: 'word' });

/** What people call characters, in order: an emoji with its modifiers is one. */
export function splitGraphemes(text: string): readonly string[] {
  return Array.from(graphemes.segment(text), ({ segment }) => segment);
}

/** Columns that a terminal gives to text without line breaks; wide characters take two. */
export function widthOf(text: string): number {
  return stringWidth(text);
}

/** The boundary of a grapheme at or before `offset`, in UTF-16 units. */
export function snapToGrapheme(text: string, offset: number): number {
  if (offset <= 0) return 0;
  return graphemes.segment(text).containing(offset)?.index ?? text.length;
}

/** The boundary before the one at `offset`. */
export function graphemeBefore(text: string, offset: number): number {
  return snapToGrapheme(text, offset - 1);
}

/** The boundary after the one at `offset`. */
export function graphemeAfter(text: string, offset: number): number {
  const found = graphemes.segment(text).containing(offset);
  return found === undefined ? text.length : found.index + found.segment.length;
}

/** Where the word before `offset` begins. */
export function wordBefore(text: string, offset: number): number {
  const starts = wordsOf(text).filter(({ index }) => index < offset);
  return snapToGrapheme(text, starts.at(-1)?.index ?? 0);
}

/** Where the word after `offset` ends. */
export function wordAfter(text: string, offset: number): number {
  const next = wordsOf(text).find(({ index, segment }) => index + segment.length > offset);
  return next === undefined
    ? text.length
    : graphemeAfter(text, snapToGrapheme(text, next.index + next.segment.length - 1));
}

function wordsOf(text: string): readonly Intl.SegmentData[] {
  return Array.from(words.segment(text)).filter(({ isWordLike }) => isWordLike === true);
}
