import type { ReadStream, WriteStream } from 'node:tty';
import { render, type Instance } from 'ink';
import { screenColours } from '../colours.js';
import { ChatScreen } from './chat-screen.js';
import { drawLive, rewrappedRowsAbove } from './draw-live.js';
import type { ScreenState } from './screen-state.js';

/** The chat's interface while it is on the screen. */
export interface MountedChat extends Disposable {
  show(state: ScreenState): void;
  /** Takes the lower part off the screen, for another program to go on below what is finished. */
  leave(): void;
  /** Draws it again where the cursor is; on an empty screen when it was not taken off. */
  comeBack(): void;
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
  /** Entries that stay above, drawn by an earlier mount. */
  let above = 0;
  const view = (isOver = false) => (
    <ChatScreen state={state} {...size()} above={above} colours={screenColours} isOver={isOver} />
  );
  let drawn = size();
  // Before ink hears of it: ink erases as many rows as it has drawn, and a narrower terminal breaks them into more.
  const eraseRewrapped = () => {
    const { columns } = size();
    if (mounted !== undefined && columns < drawn.columns) {
      const live = drawLive(state, drawn.columns, drawn.rows, screenColours);
      stdout.write(`${up(rewrappedRowsAbove(live, columns))}\r${ERASE_BELOW}${'\n'.repeat(live.cursor.y)}`);
    }
    drawn = size();
  };
  stdout.on('resize', eraseRewrapped);
  const mount = () => render(view(), { stdin, stdout, exitOnCtrlC: false, patchConsole: false });
  let mounted: Instance | undefined = mount();
  const draw = () => {
    mounted?.rerender(view());
  };
  const leave = () => {
    mounted?.rerender(view(true));
    mounted?.unmount();
    mounted = undefined;
    above = state.entries.length;
  };
  const comeBack = () => {
    if (mounted !== undefined) {
      // Ink writes nothing that it believes to be there: it begins anew.
      leave();
      stdout.write('\u001b[2J\u001b[H');
    }
    drawn = size();
    mounted = mount();
  };
  stdout.on('resize', draw);
  return {
    show(next) {
      state = next;
      draw();
    },
    leave,
    comeBack,
    get columns() {
      return size().columns;
    },
    get rows() {
      return size().rows;
    },
    [Symbol.dispose]() {
      stdout.off('resize', eraseRewrapped);
      stdout.off('resize', draw);
      leave();
    },
  };
}

function up(rows: number): string {
  return rows === 0 ? '' : `\u001b[${rows}A`;
}
