import type { ChalkInstance } from 'chalk';
import { printable } from '../printable.js';
import { layoutPrompt } from './layout-input.js';
import { lineOf } from './line-editor.js';
import type { Prompt } from './input.js';
import type { ScreenState } from './screen-state.js';
import { cutToWidth, describeStatus, isNearlyFull } from './status-line.js';
import { rowsOf } from './wrap-rows.js';

/** The lower part of the screen, which is drawn anew with each change. */
export interface LivePart {
  readonly rows: readonly string[];
  readonly cursor: { readonly x: number; readonly y: number };
}

const MARK = '> ';

/** The growing row of the answer, the prompt, what helps with it, and the status line; each row fits `columns`. */
export function drawLive(
  state: ScreenState,
  columns: number,
  rows: number,
  colours: ChalkInstance,
): LivePart {
  const { prompt, status, waiting, choice, answer } = state;
  const above = [
    ...(answer === undefined ? [] : rowsOf(answer, columns)),
    ...waiting.map((line) => colours.dim(cutToWidth(`${MARK}${line.replaceAll('\n', ' ')}`, columns))),
    ...(choice === undefined ? [] : rowsOf(`${choice} [Y/n]`, columns).map((row) => colours.yellow(row))),
  ];
  const below = helpRows(prompt, columns);
  const line = searchedLine(prompt);
  const { rows: typed, cursor } = layoutPrompt(
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

/** What a search has found stands in the prompt until it is taken. */
function searchedLine({ line, search, history }: Prompt) {
  const found = search?.found === undefined ? undefined : history.entries[search.found];
  return found === undefined ? line : lineOf(found);
}

function helpRows({ search, candidates, isLeaving }: Prompt, columns: number): readonly string[] {
  if (search !== undefined) {
    const isMissing = search.query !== '' && search.found === undefined;
    const told = isMissing ? 'not in the history' : 'search: Enter sends, Ctrl-R older, Ctrl-G gives up';
    return [cutToWidth(`${told}: ${search.query}`, columns)];
  }
  if (isLeaving) return [cutToWidth('Ctrl-C again leaves', columns)];
  return candidates.length === 0 ? [] : [cutToWidth(candidates.map(printable).join('  '), columns)];
}
