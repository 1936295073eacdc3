import { emitKeypressEvents, type Interface } from 'node:readline';
import type { ReadStream, WriteStream } from 'node:tty';
import { KeyGatherer, type Key, type Keypress } from './keys.js';

/** Longest wait for the rest of an escape code, in milliseconds; then it was the Escape key. */
const ESCAPE_WAIT_MS = 50;
/** Marks around pastes, so that their line breaks are told from Enter. */
const BRACKETED_PASTE = { on: '\u001b[?2004h', off: '\u001b[?2004l' } as const;

/** A terminal's keyboard until it is disposed of; Ctrl-C is a key meanwhile. */
export interface Keyboard extends Disposable {
  /** Hears every key; the first ones are lost unless it is set at once. */
  onKey: (key: Key) => void;
}

/** Takes the keyboard from the terminal's own line editing. */
export function readKeyboard(stdin: ReadStream, stdout: WriteStream): Keyboard {
  const gatherer = new KeyGatherer();
  const onPress = (character: string | undefined, press: Keypress) => {
    const key = gatherer.take(character, press);
    if (key !== undefined) keyboard.onKey(key);
  };
  emitKeypressEvents(stdin, { escapeCodeTimeout: ESCAPE_WAIT_MS } as unknown as Interface);
  stdin.on('keypress', onPress);
  stdin.setRawMode(true);
  stdin.resume();
  stdout.write(BRACKETED_PASTE.on);
  const keyboard: Keyboard = {
    onKey: () => undefined,
    [Symbol.dispose]() {
      stdout.write(BRACKETED_PASTE.off);
      stdin.off('keypress', onPress);
      stdin.setRawMode(false);
      stdin.pause();
    },
  };
  return keyboard;
}
