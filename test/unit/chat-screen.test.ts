import { Chalk } from 'chalk';
import { describe, expect, it } from 'vitest';
import { EMPTY_STATUS } from '../../src/chat/chat-view.js';
import { drawLive, rewrappedRowsAbove } from '../../src/terminal/screen/draw-live.js';
import { widthOf } from '../../src/terminal/screen/graphemes.js';
import { insert } from '../../src/terminal/screen/line-editor.js';
import {
  changeScreen,
  emptyScreen,
  type ScreenChange,
  type ScreenState,
} from '../../src/terminal/screen/screen-state.js';

const plain = new Chalk({ level: 0 });
const hostile = 'a\t\u001b]0;owned\u0007\u001b[2J\u009b31mb\u0000';
const screen = (...changes: ScreenChange[]): ScreenState =>
  changes.reduce(changeScreen, emptyScreen(EMPTY_STATUS, []));
const typed = (text: string): ScreenChange => {
  const { input } = emptyScreen(EMPTY_STATUS, []);
  return { type: 'input', input: { ...input, line: insert(input.line, text) } };
};

describe('the screen', () => {
  it('loses the control characters of every text that comes to it', () => {
    const state = screen(
      ...(['question', 'answer', 'note', 'error', 'hint'] as const).map(
        (kind) => ({ type: 'entry', kind, text: hostile }) as const,
      ),
      // One character a piece, as models stream them.
      ...Array.from(`${hostile}\n${hostile}`, (text) => ({ type: 'answer', text, columns: 80 }) as const),
      { type: 'waiting', lines: [hostile] },
      { type: 'choice', question: hostile },
      { type: 'status', status: { ...EMPTY_STATUS, model: hostile, picture: hostile, work: hostile } },
      typed(hostile),
    );
    const shown = [
      ...state.entries.map((entry) => (entry.kind === 'preview' ? entry.data : entry.text)),
      ...drawLive(state, 200, 30, plain).rows,
    ];
    expect(shown.length).toBeGreaterThan(8);
    expect(shown.join('\n').replaceAll('\n', '')).not.toMatch(/\p{Cc}/u);
  });

  it.each([1, 2, 10, 22, 40, 80, 200])('draws no row wider than %i columns', (columns) => {
    const wide = '漢字👩‍👩‍👧 and words\tbehind tabs 🇨🇭 that go on and on '.repeat(4);
    const state = screen(
      { type: 'answer', text: wide, columns },
      { type: 'waiting', lines: [wide] },
      { type: 'choice', question: wide },
      { type: 'status', status: { ...EMPTY_STATUS, model: wide, picture: wide } },
      typed(wide),
    );
    const { rows, cursor } = drawLive(state, columns, 30, plain);
    // A wide character on a terminal of one column has nowhere to go.
    const most = Math.max(2, columns);
    expect(rows.filter((row) => widthOf(row) > most)).toEqual([]);
    expect(cursor.x).toBeLessThanOrEqual(most + 1);
    expect(rows[cursor.y]).toBeDefined();
  });

  it('knows where its first row is when the terminal became narrower', () => {
    const live = { rows: ['x'.repeat(60), 'y'.repeat(20), `> ${'z'.repeat(48)}`], cursor: { x: 45, y: 2 } };
    expect(rewrappedRowsAbove(live, 60)).toBe(2);
    expect(rewrappedRowsAbove(live, 40)).toBe(2 + 1 + 1);
    expect(rewrappedRowsAbove(live, 20)).toBe(3 + 1 + 2);
    expect(rewrappedRowsAbove({ rows: ['', '> '], cursor: { x: 2, y: 1 } }, 10)).toBe(1);
  });
});
