import type { ChalkInstance } from 'chalk';
import { printable } from '../printable.js';
import { splitGraphemes, widthOf } from './graphemes.js';
import type { Input } from './input.js';
import { lineOf, type Line } from './line-editor.js';
import type { ScreenState } from './screen-state.js';
import { cutToWidth, describeStatus, isNearlyFull } from './status-line.js';
import { rowsOf } from './wrap-rows.js';

/** The lower part of the screen, which is drawn anew with each change. */
export interface LivePart {
  readonly rows: readonly string[];
  readonly cursor: { readonly x: number; readonly y: number };
}

const MARK = '> ';

/** The growing row of the answer, the input line, what helps with it, and the status line; each row fits `columns`. */
export function drawLive(
  state: ScreenState,
  columns: number,
  rows: number,
  colours: ChalkInstance,
): LivePart {
  const { input, status, waiting, choice, answer } = state;
  const above = [
    ...(answer === undefined ? [] : rowsOf(answer, columns)),
    ...waiting.map((line) => colours.dim(cutToWidth(`${MARK}${line.replaceAll('\n', ' ')}`, columns))),
    ...(choice === undefined ? [] : rowsOf(`${choice} [Y/n]`, columns).map((row) => colours.yellow(row))),
  ];
  const below = helpRows(input, columns);
  const line = searchedLine(input);
  const { rows: typed, cursor } = layoutInput(
    line,
    MARK,
    columns,
    Math.max(1, rows - above.length - below.length - 3),
  );
  const statusText = describeStatus(status, columns);
  const statusRow = isNearlyFull(status) ? colours.yellow(statusText) : colours.dim(statusText);
  return {
    rows: [...above, ...typed, ...below.map((row) => colours.dim(row)), statusRow],
    cursor: { x: cursor.x, y: above.length + cursor.y },
  };
}

/** What a search has found stands in the input line until it is taken. */
function searchedLine({ line, search, history }: Input) {
  const found = search?.found === undefined ? undefined : history.entries[search.found];
  return found === undefined ? line : lineOf(found);
}

function helpRows({ search, candidates, isLeaving }: Input, columns: number): readonly string[] {
  if (search !== undefined) {
    const isMissing = search.query !== '' && search.found === undefined;
    const told = isMissing ? 'not in the history' : 'search: Enter sends, Ctrl-R older, Ctrl-G cancels';
    return [cutToWidth(`${told}: ${search.query}`, columns)];
  }
  if (isLeaving) return [cutToWidth('Ctrl-C again leaves', columns)];
  return candidates.length === 0 ? [] : [cutToWidth(candidates.map(printable).join('  '), columns)];
}

/** The line being typed, as rows of the screen, and where the cursor stands among them. */
export interface InputLayout {
  readonly rows: readonly string[];
  /** Columns and rows from the upper left corner. */
  readonly cursor: { readonly x: number; readonly y: number };
}

/**
 * Breaks the typed text to rows of `columns`, wherever they are full, behind a mark on the first row.
 * @param mark what stands before the text; later rows are indented as far
 * @param mostRows rows shown; of more, those around the cursor
 */
export function layoutInput(line: Line, mark: string, columns: number, mostRows: number): InputLayout {
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

/** Rows above the cursor's, once a terminal that became narrower has broken the rows on its screen again. */
export function rewrappedRowsAbove({ rows, cursor }: LivePart, columns: number): number {
  const above = rows.slice(0, cursor.y).map((row) => Math.max(1, Math.ceil(widthOf(row) / columns)));
  return above.reduce((sum, count) => sum + count, Math.floor(cursor.x / columns));
}
