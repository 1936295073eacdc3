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
