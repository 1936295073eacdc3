import type { ReadStream, WriteStream } from 'node:tty';
import { render } from 'ink';
import { screenColours } from '../colours.js';
import { ChatScreen } from './chat-screen.js';
import { drawLive, rewrappedRowsAbove } from './draw-live.js';
import type { ScreenState } from './screen-state.js';

/** The chat's interface while it is on the screen. */
export interface MountedChat extends Disposable {
  show(state: ScreenState): void;
  /** Empties the screen and draws the lower part again. */
  redraw(): void;
  readonly columns: number;
  readonly rows: number;
}

/** Sizes of a terminal that tells none. */
const UNKNOWN = { columns: 80, rows: 24 } as const;

const ERASE_BELOW = '\u001b[J';

/** Puts the interface on the screen until it is disposed of. */
export function mountChat(stdin: ReadStream, stdout: WriteStream, first: ScreenState): MountedChat {
  let state = first;
  const size = () => ({ columns: stdout.columns || UNKNOWN.columns, rows: stdout.rows || UNKNOWN.rows });
  const view = (isOver = false) => (
    <ChatScreen state={state} {...size()} colours={screenColours} isOver={isOver} />
  );
  let drawn = size();
  // Before ink hears of it: ink erases as many rows as it has drawn, and a narrower terminal breaks them into more.
  const eraseRewrapped = () => {
    const { columns } = size();
    if (columns < drawn.columns) {
      const live = drawLive(state, drawn.columns, drawn.rows, screenColours);
      stdout.write(`${up(rewrappedRowsAbove(live, columns))}\r${ERASE_BELOW}${'\n'.repeat(live.cursor.y)}`);
    }
    drawn = size();
  };
  stdout.on('resize', eraseRewrapped);
  const mounted = render(view(), { stdin, stdout, exitOnCtrlC: false, patchConsole: false });
  const draw = () => {
    mounted.rerender(view());
  };
  stdout.on('resize', draw);
  return {
    show(next) {
      state = next;
      draw();
    },
    redraw() {
      mounted.clear();
      stdout.write('\u001b[2J\u001b[H');
      draw();
    },
    get columns() {
      return size().columns;
    },
    get rows() {
      return size().rows;
    },
    [Symbol.dispose]() {
      stdout.off('resize', eraseRewrapped);
      stdout.off('resize', draw);
      mounted.rerender(view(true));
      mounted.unmount();
    },
  };
}

function up(rows: number): string {
  return rows === 0 ? '' : `\u001b[${rows}A`;
}
