import { splitGraphemes, widthOf } from './graphemes.js';

/** Text broken to rows of a terminal. */
export interface WrappedText {
  /** Rows that stay as they are, whatever is added to the text. */
  readonly rows: readonly string[];
  /** What may still grow: the last row. */
  readonly rest: string;
}

/**
 * Breaks text at its line breaks, and at blanks so that no row is wider than `columns`; a word that is too wide is
 * broken where it must. Blanks at a break are left out. Greedy, so that more text changes the rest only.
 */
export function wrapRows(text: string, columns: number): WrappedText {
  const rows: string[] = [];
  let row = '';
  let width = 0;
  /** Where the row can be broken: behind the last blank. */
  let blankAt: number | undefined;
  for (const grapheme of splitGraphemes(text)) {
    if (/^\r?\n$/.test(grapheme)) {
      rows.push(row.trimEnd());
      [row, width, blankAt] = ['', 0, undefined];
      continue;
    }
    const isBlank = grapheme === ' ';
    const next = widthOf(grapheme);
    if (width + next > columns && !isBlank) {
      const cut = blankAt ?? row.length;
      rows.push(row.slice(0, cut).trimEnd());
      row = row.slice(cut);
      width = widthOf(row);
      blankAt = undefined;
    }
    row += grapheme;
    width += next;
    if (isBlank) blankAt = row.length;
  }
  return { rows, rest: row };
}

/** All rows of a text that is whole. */
export function rowsOf(text: string, columns: number): readonly string[] {
  const { rows, rest } = wrapRows(text, columns);
  return [...rows, rest.trimEnd()];
}
