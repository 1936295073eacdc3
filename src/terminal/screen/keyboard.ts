import { emitKeypressEvents, type Interface } from 'node:readline';
import type { ReadStream, WriteStream } from 'node:tty';

/** What the keyboard said. `name` is Node's: `return`, `left`, `backspace`, a letter with `ctrl` or `alt`. */
export type Key =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'paste'; readonly text: string }
  | { readonly kind: 'key'; readonly name: string; readonly ctrl: boolean; readonly alt: boolean };

/** A keypress as `node:readline` reports it. */
export interface Keypress {
  readonly sequence?: string | undefined;
  readonly name?: string | undefined;
  readonly ctrl?: boolean | undefined;
  readonly meta?: boolean | undefined;
  readonly shift?: boolean | undefined;
}

/** Shift-Enter and Ctrl-Enter of terminals that tell them apart (CSI u), as they arrive. */
const ENTER_WITH_MODIFIER = /^\u001b\[13;\d+u$/;

/** Gathers keypresses to keys; what comes between the marks of a bracketed paste is one key. */
export class KeyGatherer {
  #pasted: string | undefined;

  /** @returns the key, or undefined while a paste goes on or when the press means nothing here */
  take(character: string | undefined, press: Keypress): Key | undefined {
    if (press.name === 'paste-start') {
      this.#pasted = '';
      return undefined;
    }
    if (press.name === 'paste-end') {
      const text = this.#pasted ?? '';
      this.#pasted = undefined;
      return text === '' ? undefined : { kind: 'paste', text };
    }
    if (this.#pasted !== undefined) {
      this.#pasted += press.sequence ?? character ?? '';
      return undefined;
    }
    return keyOf(character, press);
  }
}

function keyOf(character: string | undefined, press: Keypress): Key | undefined {
  const { sequence = '', name, ctrl = false, meta: alt = false, shift = false } = press;
  // Shift-Enter comes as a line feed from many terminals.
  if (name === 'enter' || ENTER_WITH_MODIFIER.test(sequence)) return key('newline', false, false);
  if (name === 'return') return alt || shift ? key('newline', false, false) : key('return', false, false);
  if (
    name === 'space' ||
    (character !== undefined && !ctrl && !alt && !/^[\u0000-\u001f\u007f]/.test(character))
  )
    return { kind: 'text', text: character ?? ' ' };
  if (name === undefined || name === 'undefined') return undefined;
  return key(name === 'tab' && shift ? 'tab-back' : name, ctrl, alt && name !== 'escape');
}

function key(name: string, ctrl: boolean, alt: boolean): Key {
  return { kind: 'key', name, ctrl, alt };
}

/** Longest wait for the rest of an escape code, in milliseconds; then it was the Escape key. */
const ESCAPE_WAIT_MS = 50;
/** Marks around pastes, so that their line breaks are told from Enter. */
const BRACKETED_PASTE = { on: '\u001b[?2004h', off: '\u001b[?2004l' } as const;

/** A terminal's keyboard until it is disposed of; Ctrl-C is a key meanwhile. */
export interface Keyboard extends Disposable {
  /** Hears every key; the first ones are lost unless it is set at once. */
  onKey: (key: Key) => void;
  /** Leaves the keyboard to others. */
  release(): void;
  /** Takes it back, whatever others have made of it. */
  take(): void;
}

/** Takes the keyboard from the terminal's own line editing. */
export function readKeyboard(stdin: ReadStream, stdout: WriteStream): Keyboard {
  const gatherer = new KeyGatherer();
  const onPress = (character: string | undefined, press: Keypress) => {
    const key = gatherer.take(character, press);
    if (key !== undefined) keyboard.onKey(key);
  };
  emitKeypressEvents(stdin, { escapeCodeTimeout: ESCAPE_WAIT_MS } as unknown as Interface);
  const keyboard: Keyboard = {
    onKey: () => undefined,
    release() {
      stdout.write(BRACKETED_PASTE.off);
      stdin.off('keypress', onPress);
      stdin.setRawMode(false);
      stdin.pause();
    },
    take() {
      // Node does nothing for the mode that it believes to be set.
      stdin.setRawMode(false);
      stdin.setRawMode(true);
      stdin.off('keypress', onPress).on('keypress', onPress);
      stdin.resume();
      stdout.write(BRACKETED_PASTE.on);
    },
    [Symbol.dispose]() {
      keyboard.release();
    },
  };
  keyboard.take();
  return keyboard;
}
