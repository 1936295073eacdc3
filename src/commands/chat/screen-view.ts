import { countTurns } from '../../chat/chat-turn.js';
import { EMPTY_STATUS, type ChatView } from '../../chat/chat-view.js';
import type { ExpectedError } from '../../llava/expected-error.js';
import {
  emptyScreen,
  changeScreen,
  type ScreenChange,
  type ScreenState,
} from '../../terminal/screen/screen-state.js';
import { mountChat, type MountedChat } from '../../terminal/screen/mount-screen.js';
import { screenColours } from '../../terminal/colours.js';
import type { Io } from '../../terminal/io.js';
import { choosePreview } from '../../terminal/preview/choose-preview.js';
import { drawPreview } from '../../terminal/preview/draw-preview.js';
import type { PreviewChoice, PreviewKind } from '../../terminal/preview/preview-kind.js';
import type { ReadStream, WriteStream } from 'node:tty';

/** Widest preview, in columns; it takes a third of the screen's height at most. */
const WIDEST_PREVIEW = 60;

/** The chat's view on the screen of a terminal. */
export class ScreenView implements ChatView, Disposable {
  #state: ScreenState;
  readonly #screen: MountedChat;
  readonly #preview: PreviewKind;
  #decide: ((answer: boolean) => void) | undefined;

  constructor(
    io: Io,
    preview: PreviewChoice,
    stdin: ReadStream,
    stdout: WriteStream,
    history: readonly string[],
  ) {
    this.#state = emptyScreen(EMPTY_STATUS, history);
    this.#preview = choosePreview(preview, io, screenColours.level);
    this.#screen = mountChat(stdin, stdout, this.#state);
  }

  get state(): ScreenState {
    return this.#state;
  }

  change(change: ScreenChange): void {
    this.#state = changeScreen(this.#state, change);
    this.#screen.show(this.#state);
  }

  leave(): void {
    this.#screen.leave();
  }

  comeBack(): void {
    this.#screen.comeBack();
  }

  note(text: string): void {
    this.change({ type: 'entry', kind: 'note', text });
  }

  fail({ message, hint }: ExpectedError): void {
    this.change({ type: 'entry', kind: 'error', text: message });
    if (hint !== undefined) this.change({ type: 'entry', kind: 'hint', text: hint });
  }

  picture: ChatView['picture'] = async (seen, decoded) => {
    const { label, width, height } = seen.info;
    const goesOn = seen.turns.length === 0 ? '' : ` · continues after ${countTurns(seen.turns.length)}`;
    this.note(`${label} · ${width}×${height}${goesOn}`);
    const room = {
      columns: Math.min(WIDEST_PREVIEW, this.#screen.columns),
      rows: Math.max(4, Math.floor(this.#screen.rows / 3)),
    };
    const data = await drawPreview(decoded, this.#preview, room, screenColours);
    if (data !== '') this.change({ type: 'preview', data });
  };

  begin(): void {
    this.change({ type: 'answer', text: '', columns: this.#screen.columns });
  }

  text(text: string): Promise<void> {
    this.change({ type: 'answer', text, columns: this.#screen.columns });
    return Promise.resolve();
  }

  end: ChatView['end'] = ({ turn }) => {
    this.change({ type: 'answer-ended' });
    if (turn.stop !== 'end')
      this.note(turn.stop === 'stopped' ? 'Stopped.' : `The answer was cut off (${turn.stop}).`);
    return Promise.resolve();
  };

  status: ChatView['status'] = (status) => {
    this.change({ type: 'status', status });
  };

  choose(question: string): Promise<boolean> {
    this.change({ type: 'choice', question });
    return new Promise((resolve) => {
      this.#decide = resolve;
    });
  }

  /** Answers the question that is asked, if there is one. */
  decide(answer: boolean): boolean {
    const decide = this.#decide;
    if (decide === undefined) return false;
    this.#decide = undefined;
    this.change({ type: 'choice', question: undefined });
    decide(answer);
    return true;
  }

  [Symbol.dispose](): void {
    this.#screen[Symbol.dispose]();
  }
}
