import { printable } from '../printable.js';
import {
  graphemeAfter,
  graphemeBefore,
  snapToGrapheme,
  splitGraphemes,
  widthOf,
  wordAfter,
  wordBefore,
} from './graphemes.js';

/** Text being typed. The cursor is a UTF-16 offset that never stands inside a grapheme. */
export interface Line {
  readonly text: string;
  readonly cursor: number;
}

export const EMPTY_LINE: Line = { text: '', cursor: 0 };

/** Where a movement leads from the cursor. */
export type Movement = 'left' | 'right' | 'word-left' | 'word-right' | 'line-start' | 'line-end';

/** A tab's place in the text being typed. */
const TAB = '    ';

/** A line with the cursor at its end. */
export function lineOf(text: string): Line {
  const clean = cleanInput(text);
  return { text: clean, cursor: clean.length };
}

/** Typed or pasted text as the input line keeps it: line breaks alike, no control characters, no lone surrogates. */
export function cleanInput(text: string): string {
  const even = text.replace(/\r\n?/g, '\n').replaceAll('\t', TAB);
  return printable(Buffer.from(even, 'utf8').toString('utf8'));
}

export function insert(line: Line, text: string): Line {
  return replace(line, line.cursor, line.cursor, cleanInput(text));
}

export function move(line: Line, movement: Movement): Line {
  return { ...line, cursor: destination(line, movement) };
}

/** Removes what a movement would pass over; `cut` is for putting it back elsewhere. */
export function remove(line: Line, movement: Movement): { readonly line: Line; readonly cut: string } {
  const to = destination(line, movement);
  const [start, end] = [Math.min(line.cursor, to), Math.max(line.cursor, to)];
  return { line: replace(line, start, end, ''), cut: line.text.slice(start, end) };
}

/** One row up (-1) or down (1) in text of several rows, to about the same column; undefined at its edge. */
export function moveRow(line: Line, by: -1 | 1): Line | undefined {
  const rows = line.text.split('\n');
  const before = line.text.slice(0, line.cursor).split('\n');
  const target = rows[before.length - 1 + by];
  if (target === undefined) return undefined;
  const start = rows.slice(0, before.length - 1 + by).reduce((sum, row) => sum + row.length + 1, 0);
  return { ...line, cursor: start + offsetAtColumn(target, widthOf(before.at(-1) ?? '')) };
}

/** Puts `text` in the place of a range. */
export function replace({ text }: Line, start: number, end: number, replacement: string): Line {
  const next = text.slice(0, start) + replacement + text.slice(end);
  const cursor = start + replacement.length;
  // What stands together now may be one grapheme; the cursor goes behind it.
  return {
    text: next,
    cursor: snapToGrapheme(next, cursor) === cursor ? cursor : graphemeAfter(next, cursor),
  };
}

function destination({ text, cursor }: Line, movement: Movement): number {
  switch (movement) {
    case 'left':
      return graphemeBefore(text, cursor);
    case 'right':
      return graphemeAfter(text, cursor);
    case 'word-left':
      return wordBefore(text, cursor);
    case 'word-right':
      return wordAfter(text, cursor);
    case 'line-start':
      return text.slice(0, cursor).lastIndexOf('\n') + 1;
    case 'line-end': {
      const end = text.indexOf('\n', cursor);
      return end === -1 ? text.length : end;
    }
  }
}

function offsetAtColumn(row: string, column: number): number {
  let width = 0;
  let offset = 0;
  for (const grapheme of splitGraphemes(row)) {
    width += widthOf(grapheme);
    if (width > column) break;
    offset += grapheme.length;
  }
  return offset;
}
