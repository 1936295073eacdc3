import { element } from './element.js';
import { keepKey } from './kept-key.js';

/** Asks for the server's key. */
export class KeyForm {
  readonly #form = element('#key-form', HTMLFormElement);
  readonly #key = element('#key', HTMLInputElement);
  readonly #note = element('#key-note', HTMLElement);

  /** @param use hears that there is a key to try */
  constructor(use: () => void) {
    this.#form.addEventListener('submit', (event) => {
      event.preventDefault();
      const key = this.#key.value.trim();
      // What no header can hold is no key.
      if (!/^[\x21-\x7e]+$/.test(key)) {
        this.open('That is not the key.');
        return;
      }
      keepKey(key);
      use();
    });
  }

  /** @param note what was wrong with the key before */
  open(note?: string): void {
    if (note !== undefined) this.#note.textContent = note;
    this.#form.hidden = false;
    this.#key.select();
    this.#key.focus();
  }

  close(): void {
    this.#form.hidden = true;
    this.#key.value = '';
  }

  get isOpen(): boolean {
    return !this.#form.hidden;
  }
}
