import { ExpectedError } from './expected-error.js';
import { quote } from './quote.js';

/** What files of several pictures call them. */
export type PartUnit = 'frame' | 'page';

/** One frame or page, from 1 or by its place. */
export interface PicturePart {
  readonly unit: PartUnit;
  readonly at: number | PlaceWord;
}

const PLACE_WORDS = ['first', 'middle', 'last'] as const;
type PlaceWord = (typeof PLACE_WORDS)[number];

/** Frames or pages from one to another, both from 1 and included. */
export interface PartRange {
  readonly unit: PartUnit;
  readonly from: number;
  /** Infinity stands for the last one. */
  readonly to: number;
}

/** A frame, a page or several. */
export type PartChoice = PicturePart | PartRange;

const WORDS = 'It takes a number from 1, a range such as 2-4, first, middle, last or all.';

/** `3`, `2-4`, `first`, `middle`, `last` or `all`. @throws ExpectedError('usage') for anything else */
export function parsePartChoice(unit: PartUnit, text: string): PartChoice {
  const word = text.trim().toLowerCase();
  if (word === 'all') return { unit, from: 1, to: Infinity };
  const [, from, to] = /^(\d{1,6})-(\d{1,6})$/.exec(word) ?? [];
  if (from === undefined || to === undefined) return parsePart(unit, text, WORDS);
  const range = { unit, from: Number(from), to: Number(to) };
  if (range.from < 1 || range.to < range.from) throw wrongPart(unit, text, WORDS);
  return range;
}

/** One of them. @throws ExpectedError('usage') for anything else */
export function parsePart(
  unit: PartUnit,
  value: string | number,
  expected = 'It takes a number from 1, first, middle or last.',
): PicturePart {
  const word = String(value).trim().toLowerCase();
  const place = PLACE_WORDS.find((known) => known === word);
  if (place !== undefined) return { unit, at: place };
  if (!/^\d{1,6}$/.test(word) || Number(word) < 1) throw wrongPart(unit, String(value), expected);
  return { unit, at: Number(word) };
}

export function isRange(choice: PartChoice): choice is PartRange {
  return 'from' in choice;
}

/** The part's number, from 1. */
export function numberOfPart({ at }: PicturePart, count: number): number {
  switch (at) {
    case 'first':
      return 1;
    case 'middle':
      return Math.ceil(count / 2);
    case 'last':
      return count;
    default:
      return at;
  }
}

function wrongPart(unit: PartUnit, text: string, expected: string): ExpectedError {
  return new ExpectedError('usage', `${quote(text)} is no ${unit}.`, { hint: expected });
}
