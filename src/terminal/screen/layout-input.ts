import { splitGraphemes, widthOf } from './graphemes.js';
import type { Line } from './line-editor.js';

/** The line being typed, as rows of the screen, and where the cursor stands among them. */
export interface PromptLayout {
  readonly rows: readonly string[];
  /** Columns and rows from the upper left corner. */
  readonly cursor: { readonly x: number; readonly y: number };
}

/**
 * Breaks the typed text to rows of `columns`, wherever they are full, behind a mark on the first row.
 * @param mark what stands before the text; later rows are indented as far
 * @param mostRows rows shown; of more, those around the cursor
 */
export function layoutPrompt(line: Line, mark: string, columns: number, mostRows: number): PromptLayout {
  const indent = widthOf(mark);
  const rows: string[] = [];
  let row = mark;
  let x = indent;
  let cursor = { x, y: 0 };
  let offset = 0;
  const newRow = () => {
    rows.push(row);
    row = ' '.repeat(indent);
    x = indent;
  };
  for (const grapheme of splitGraphemes(line.text)) {
    const width = grapheme === '\n' ? 0 : widthOf(grapheme);
    if (x + width > columns) newRow();
    if (offset === line.cursor) cursor = { x, y: rows.length };
    if (grapheme === '\n') newRow();
    else row += grapheme;
    x += width;
    offset += grapheme.length;
  }
  if (offset === line.cursor) {
    if (x >= columns) newRow();
    cursor = { x, y: rows.length };
  }
  rows.push(row);
  const from = Math.max(0, Math.min(cursor.y - mostRows + 1, rows.length - mostRows));
  return { rows: rows.slice(from, from + mostRows), cursor: { x: cursor.x, y: cursor.y - from } };
}
