import { ANSWER_KINDS } from './answer-kind.js';
import { drawBars } from './draw-bars.js';
import { element, fromTemplate } from './element.js';
import type { PageQuestion } from './page-question.js';
import type { ServedRecord } from './served-answer.js';

/** What the buttons below an answer do. */
export interface TurnActions {
  readonly showBox: (record: ServedRecord) => void;
  readonly curlLine: () => string;
  /** Undefined where llava's own command cannot ask the same. */
  readonly askLine: (() => string) | undefined;
  /** Tells those who do not see the page. */
  readonly announce: (text: string) => void;
}

/** How often it is told that nothing has come yet, in milliseconds. */
const WAIT_MS = 1000;
/** How long a button says that it has copied, in milliseconds. */
const COPIED_MS = 2000;

/** A question with its answer, as it comes. */
export class TurnView {
  readonly #turn = fromTemplate('#turn');
  readonly #answer = element('.answer', HTMLElement, this.#turn);
  readonly #text = element('.answer .text', HTMLElement, this.#turn);
  readonly #problem = element('.problem', HTMLElement, this.#turn);
  readonly #wait = element('.wait', HTMLElement, this.#turn);
  readonly #waiting: ReturnType<typeof setInterval>;
  readonly #facts = element('.facts', HTMLElement, this.#turn);

  constructor(question: PageQuestion) {
    element('.asked .text', HTMLElement, this.#turn).textContent = question.text;
    const chip = element('.chip', HTMLElement, this.#turn);
    chip.hidden = question.kind === 'free';
    chip.textContent = ANSWER_KINDS[question.kind].name;
    this.#answer.dataset['kind'] = question.kind;
    element('#turns', HTMLElement).append(this.#turn);
    const start = performance.now();
    this.#waiting = setInterval(() => {
      this.#wait.textContent = `Working · ${Math.round((performance.now() - start) / 1000)} s`;
    }, WAIT_MS);
  }

  /** The text so far. */
  get text(): string {
    return this.#text.textContent;
  }

  addText(text: string): void {
    this.#endWait();
    this.#text.append(text);
  }

  /** Shows what is known at the end. @param seconds since it was asked */
  end(record: ServedRecord, seconds: number, actions: TurnActions): void {
    const { choice, rectangle, probabilities, stop, tokens } = record;
    this.#settle();
    if (choice !== undefined) this.#text.append(` – ${choice}`);
    if (probabilities !== undefined) drawBars(element('.bars', HTMLElement, this.#turn), probabilities);
    const facts = [countTokens(tokens.answer), `${seconds.toFixed(1)} s`, ...(CUT[stop] ?? [])];
    if (rectangle !== undefined) {
      const { x, y, width, height } = rectangle;
      facts.unshift(`${width} × ${height} pixels at ${x}, ${y}`);
      this.#offerBox(() => {
        actions.showBox(record);
      });
    }
    this.#showFoot(facts.join(' · '), actions);
  }

  /** Shows that the answer was stopped. */
  stopped(actions: TurnActions): void {
    this.#settle();
    this.#showFoot('Stopped', actions);
  }

  fail(message: string): void {
    this.#settle();
    this.#problem.textContent = message;
    this.#problem.hidden = false;
  }

  remove(): void {
    this.#turn.remove();
  }

  #endWait(): void {
    clearInterval(this.#waiting);
    this.#wait.textContent = '';
  }

  #settle(): void {
    this.#endWait();
    this.#answer.removeAttribute('aria-busy');
    this.#answer.hidden = this.text === '';
  }

  #offerBox(show: () => void): void {
    const button = element('.show-box', HTMLButtonElement, this.#turn);
    button.hidden = false;
    button.addEventListener('click', show);
  }

  #showFoot(facts: string, { curlLine, askLine, announce }: TurnActions): void {
    this.#facts.textContent = facts;
    element('.foot', HTMLElement, this.#turn).hidden = false;
    const copyAsk = element('.copy-ask', HTMLButtonElement, this.#turn);
    this.#copies(element('.copy-curl', HTMLButtonElement, this.#turn), curlLine, announce);
    if (askLine === undefined) copyAsk.hidden = true;
    else this.#copies(copyAsk, askLine, announce);
  }

  #copies(button: HTMLButtonElement, write: () => string, announce: (text: string) => void): void {
    const name = button.textContent;
    button.addEventListener('click', () => {
      copy(write()).then(
        () => {
          // What stands beside it stays where it is.
          button.style.minWidth = `${button.offsetWidth}px`;
          button.textContent = 'Copied';
          announce('Copied.');
          setTimeout(() => {
            button.textContent = name;
          }, COPIED_MS);
        },
        () => {
          this.#showLine(write());
        },
      );
    });
  }

  /** Where the browser lets no page copy, people can. */
  #showLine(text: string): void {
    const label = element('.line', HTMLElement, this.#turn);
    const line = element('.line textarea', HTMLTextAreaElement, this.#turn);
    label.hidden = false;
    line.value = text;
    line.focus();
    line.select();
  }
}

function countTokens(count: number): string {
  return count === 1 ? '1 token' : `${count} tokens`;
}

/** Why an answer may have ended before its end. */
const CUT: Readonly<Record<string, readonly string[]>> = {
  'max-tokens': ['cut at the limit of tokens'],
  'context-full': ['cut: the context is full'],
};

/** Pages that came over plain HTTP from another machine have no clipboard. */
async function copy(text: string): Promise<void> {
  const { clipboard } = navigator as { readonly clipboard?: Clipboard };
  if (clipboard === undefined) throw new Error('no clipboard');
  await clipboard.writeText(text);
}
