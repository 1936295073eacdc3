import { ANSWER_KINDS, isAnswerKind, type AnswerKind } from './answer-kind.js';
import { element } from './element.js';
import { splitItems, type PageQuestion, type PageSampling } from './page-question.js';

const SAMPLING_FIELDS = ['temperature', 'top_p', 'seed', 'max_tokens'] as const;

export interface QuestionFormEvents {
  readonly ask: (question: PageQuestion) => void;
  readonly stop: () => void;
}

/** Where questions are typed, with the kind of answer and all other options. */
export class QuestionForm {
  readonly #text = element('#question', HTMLTextAreaElement);
  readonly #kind = element('#kind', HTMLSelectElement);
  readonly #items = element('#items', HTMLTextAreaElement);
  readonly #ask = element('#ask', HTMLButtonElement);
  readonly #stop = element('#stop', HTMLButtonElement);
  /** What was typed for each kind that takes items. */
  readonly #typedItems = new Map<AnswerKind, string>();
  #shownKind: AnswerKind = 'free';

  constructor({ ask, stop }: QuestionFormEvents) {
    for (const [kind, { name }] of Object.entries(ANSWER_KINDS)) this.#kind.add(new Option(name, kind));
    this.#kind.addEventListener('change', () => {
      this.#showKind();
    });
    this.#showKind();
    const form = element('#question-form', HTMLFormElement);
    form.addEventListener('submit', (event) => {
      event.preventDefault();
      if (this.#ask.hidden) return;
      ask(this.#read());
    });
    this.#text.addEventListener('keydown', (event) => {
      // Enter also ends what is being composed, such as Japanese.
      if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return;
      event.preventDefault();
      form.requestSubmit();
    });
    this.#stop.addEventListener('click', stop);
    document.addEventListener('keydown', (event) => {
      if (event.key === 'Escape' && !this.#stop.hidden) stop();
    });
    this.#openOptions();
  }

  /** Shows that an answer is on its way, or no longer. The keyboard's focus stays where it was. */
  set isBusy(isBusy: boolean) {
    const [shown, hidden] = isBusy ? [this.#stop, this.#ask] : [this.#ask, this.#stop];
    const hadFocus = document.activeElement === hidden;
    shown.hidden = false;
    hidden.hidden = true;
    if (hadFocus) shown.focus();
  }

  clear(): void {
    this.#text.value = '';
  }

  /** Gives a question back that was not answered, unless another is being typed. */
  restore(question: PageQuestion): void {
    if (this.#text.value === '') this.#text.value = question.text;
  }

  focus(): void {
    this.#text.focus();
  }

  get #chosen(): AnswerKind {
    return isAnswerKind(this.#kind.value) ? this.#kind.value : 'free';
  }

  #read(): PageQuestion {
    const kind = this.#chosen;
    return {
      text: this.#text.value.trim(),
      kind,
      items: splitItems(kind, this.#items.value),
      sampling: readSampling(),
    };
  }

  #showKind(): void {
    this.#typedItems.set(this.#shownKind, this.#items.value);
    const kind = this.#chosen;
    this.#shownKind = kind;
    this.#items.value = this.#typedItems.get(kind) ?? '';
    const { about, example } = ANSWER_KINDS[kind];
    element('#kind-about', HTMLElement).textContent = `${about[0]?.toUpperCase() ?? ''}${about.slice(1)}.`;
    this.#text.placeholder = example;
    const isLetter = kind === 'letter';
    element('#items-field', HTMLElement).hidden = !isLetter && kind !== 'labels';
    element('#items-label', HTMLElement).textContent = isLetter
      ? 'Choices, one a line'
      : 'Labels, between commas';
    this.#items.rows = isLetter ? 3 : 1;
    this.#items.placeholder = isLetter ? 'red\ngreen\nblue' : 'red, green, blue';
  }

  #openOptions(): void {
    const toggle = element('#options-toggle', HTMLButtonElement);
    const options = element('#options', HTMLElement);
    toggle.addEventListener('click', () => {
      options.hidden = !options.hidden;
      toggle.setAttribute('aria-expanded', String(!options.hidden));
    });
  }
}

function readSampling(): PageSampling {
  const given = SAMPLING_FIELDS.flatMap((name): (readonly [string, number])[] => {
    const { value, valueAsNumber } = element(`#${name}`, HTMLInputElement);
    return value === '' ? [] : [[name, valueAsNumber]];
  });
  return Object.fromEntries(given);
}
