import { ExpectedError } from '../../llava/expected-error.js';
import { quote } from '../../llava/quote.js';
import { readText } from './read-text.js';

/** A row by column name. */
export type TsvRow = ReadonlyMap<string, string>;

/** What `pandas.read_table` takes for no value. Source: pandas documentation of `read_csv`, `na_values`. */
const NO_VALUE = new Set(
  ' #N/A|#N/A N/A|#NA|-1.#IND|-1.#QNAN|-NaN|-nan|1.#IND|1.#QNAN|<NA>|N/A|NA|NULL|NaN|None|n/a|nan|null'
    .trim()
    .split('|'),
).add('');

/** The value of a column, or undefined where pandas has none. */
export function valueOf(row: TsvRow, column: string): string | undefined {
  const value = row.get(column);
  return value === undefined || NO_VALUE.has(value) ? undefined : value;
}

/**
 * The rows of a tab-separated file with a header, one at a time: pictures may make it hundreds of megabytes. Quotes
 * are read as pandas reads them: a cell that starts with one runs to the next single one, over tabs and line breaks.
 * @throws ExpectedError('input') when it cannot be read or a row has more cells than the header
 */
export async function* readTsv(path: string): AsyncGenerator<TsvRow> {
  let header: readonly string[] | undefined;
  let number = 0;
  for await (const cells of readCells(path)) {
    number++;
    if (header === undefined) {
      header = cells;
      continue;
    }
    if (cells.length > header.length)
      throw new ExpectedError(
        'input',
        `${quote(path)}: row ${number} has ${cells.length} cells where the header has ${header.length}.`,
        { hint: 'Use the file as it is published, tabs and quotes untouched' },
      );
    yield new Map(header.map((column, index) => [column, cells[index] ?? '']));
  }
}

async function* readCells(path: string): AsyncGenerator<readonly string[]> {
  let pending = '';
  for await (const piece of readText(path)) {
    pending += piece;
    const { rows, rest } = cutRows(pending, false);
    pending = rest;
    yield* rows;
  }
  yield* cutRows(pending, true).rows;
}

/** The whole rows of a text; what follows the last line break is left over until the text has ended. */
function cutRows(text: string, ended: boolean): { rows: string[][]; rest: string } {
  const rows: string[][] = [];
  let start = 0;
  for (;;) {
    const row = cutRow(text, start, ended);
    if (row === undefined) return { rows, rest: text.slice(start) };
    if (row.cells.length > 1 || row.cells[0] !== '') rows.push(row.cells);
    start = row.end;
  }
}

function cutRow(text: string, from: number, ended: boolean): { cells: string[]; end: number } | undefined {
  const cells: string[] = [];
  let position = from;
  if (position >= text.length) return undefined;
  for (;;) {
    const cell = text[position] === '"' ? quotedCell(text, position) : plainCell(text, position);
    if (cell === undefined || (cell.end >= text.length && !ended)) return undefined;
    cells.push(cell.value);
    if (text[cell.end] !== '\t') return { cells, end: cell.end + 1 };
    position = cell.end + 1;
  }
}

function plainCell(text: string, start: number): { value: string; end: number } {
  const tab = text.indexOf('\t', start);
  const line = text.indexOf('\n', start);
  const end = Math.min(tab === -1 ? text.length : tab, line === -1 ? text.length : line);
  return { value: text.slice(start, end).replace(/\r$/, ''), end };
}

/** Text behind the closing quote belongs to the cell, as in pandas. */
function quotedCell(text: string, start: number): { value: string; end: number } | undefined {
  let value = '';
  let position = start + 1;
  for (;;) {
    const quoteAt = text.indexOf('"', position);
    if (quoteAt === -1) return undefined;
    value += text.slice(position, quoteAt);
    if (text[quoteAt + 1] !== '"') {
      const tail = plainCell(text, quoteAt + 1);
      return { value: value + tail.value, end: tail.end };
    }
    value += '"';
    position = quoteAt + 2;
  }
}
