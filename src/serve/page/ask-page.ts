import type { PictureSize } from '../../llava/box.js';
import { Conversation } from './conversation.js';
import { element } from './element.js';
import { KeyForm } from './key-form.js';
import { keptKey } from './kept-key.js';
import { writeBody, type PageQuestion } from './page-question.js';
import { takeInPictures } from './picture-intake.js';
import { PictureView } from './picture-view.js';
import { QuestionForm } from './question-form.js';
import type { ServedRecord } from './served-answer.js';
import { askServer, fetchModel } from './server-link.js';
import { ServerProblem } from './server-problem.js';
import { askLine, curlLine } from './shell-line.js';
import { TurnView, type TurnActions } from './turn-view.js';

/** The page itself: one picture, what was said about it, and one question at a time. */
export class AskPage {
  readonly #picture = new PictureView();
  readonly #keyForm = new KeyForm(() => {
    this.#meetServer();
  });
  readonly #form = new QuestionForm({
    ask: (question) => {
      this.#begin(question);
    },
    stop: () => {
      this.#running?.abort();
    },
  });
  #conversation: Conversation | undefined;
  /** Stops the answer that is on its way. */
  #running: AbortController | undefined;
  /** The last question, when it got no answer. */
  #failed: { readonly view: TurnView; readonly question: PageQuestion } | undefined;
  #model = '';

  constructor() {
    takeInPictures({
      receive: (file) => {
        this.#take(file);
      },
      refuse: showProblem,
    });
    this.#meetServer();
  }

  /** Learns the model's name, and whether the server wants a key. */
  #meetServer(): void {
    fetchModel().then(
      (name) => {
        this.#showModel(name);
        if (!this.#keyForm.isOpen) return;
        this.#keyForm.close();
        this.#form.focus();
        if (this.#failed !== undefined) this.#begin(this.#failed.question);
      },
      (error: unknown) => {
        if (!this.#askForKey(error)) showProblem(messageOf(error));
      },
    );
  }

  #showModel(name: string): void {
    this.#model = name;
    const shown = element('#model', HTMLElement);
    shown.textContent = name;
    shown.hidden = false;
  }

  /** Another picture is another conversation. */
  #take(file: File): void {
    this.#running?.abort();
    this.#failed = undefined;
    this.#conversation = new Conversation(file);
    clearProblem();
    this.#picture.show(file);
    element('#turns', HTMLElement).replaceChildren();
    element('#intro', HTMLElement).hidden = true;
    announce(`The picture ${file.name} is here.`);
    this.#form.focus();
  }

  #begin(question: PageQuestion): void {
    clearProblem();
    if (this.#conversation === undefined) {
      showProblem('Choose a picture first.');
      element('#drop', HTMLButtonElement).focus();
      return;
    }
    if (question.text === '' && question.kind !== 'caption') {
      showProblem('Type a question first.');
      this.#form.focus();
      return;
    }
    this.#failed?.view.remove();
    this.#failed = undefined;
    this.#form.clear();
    this.#form.isBusy = true;
    const running = new AbortController();
    this.#running = running;
    void this.#ask(this.#conversation, question, running.signal).finally(() => {
      if (this.#running !== running) return;
      this.#running = undefined;
      this.#form.isBusy = false;
    });
  }

  /** One question's way to its answer. What goes wrong is shown; what stops it is no error. */
  async #ask(about: Conversation, question: PageQuestion, signal: AbortSignal): Promise<void> {
    const view = new TurnView(question);
    const { turns } = about;
    const start = performance.now();
    this.#picture.clearBox();
    try {
      const body = writeBody(await about.picture, this.#sizeOf(about), turns, question);
      const record = await receive(askServer(body, signal), view);
      about.size = { width: record.width, height: record.height };
      this.#showModel(record.model);
      const actions = this.#actionsFor(about, question);
      about.turns = [...turns, { question, answer: record.answer }];
      view.end(record, (performance.now() - start) / 1000, actions);
      actions.showBox(record);
    } catch (error) {
      if (signal.aborted) {
        view.stopped(this.#actionsFor(about, question));
        if (view.text !== '') about.turns = [...turns, { question, answer: view.text }];
        return;
      }
      view.fail(messageOf(error));
      this.#failed = { view, question };
      this.#form.restore(question);
      this.#askForKey(error);
    } finally {
      keepFormInSight();
    }
  }

  /** What can be done with an answer, as things are before its turn is added. */
  #actionsFor(about: Conversation, question: PageQuestion): TurnActions {
    const { file, turns } = about;
    const size = this.#sizeOf(about);
    const once = { file: file.name, size, turns, question };
    const where = { address: new URL('.', location.href).href, needsKey: keptKey() !== undefined };
    return {
      showBox: ({ rectangle }) => {
        if (rectangle !== undefined) this.#picture.showBox(rectangle, size);
      },
      curlLine: () => curlLine(once, where),
      askLine: turns.length > 0 ? undefined : () => askLine(once, this.#model),
      announce,
    };
  }

  /** Until the server has told it, as the browser sees it. */
  #sizeOf({ size = this.#picture.size }: Conversation): PictureSize {
    return size;
  }

  /** Opens the form for the key when that is what is missing. */
  #askForKey(error: unknown): boolean {
    if (!(error instanceof ServerProblem) || !error.isAboutKey) return false;
    this.#keyForm.open(keptKey() === undefined ? undefined : 'That is not the key.');
    return true;
  }
}

/** Shows an answer as it comes. @returns the record at its end */
async function receive(pieces: ReturnType<typeof askServer>, view: TurnView): Promise<ServedRecord> {
  let record: ServedRecord | undefined;
  for await (const piece of pieces) {
    if (piece.type === 'record') ({ record } = piece);
    else view.addText(piece.text);
    keepFormInSight();
  }
  if (record === undefined) throw new ServerProblem('The answer came without its record.');
  return record;
}

/** Scrolls along with an answer that grows, for those who are reading at its end. */
function keepFormInSight(): void {
  const { bottom } = element('#question-form', HTMLElement).getBoundingClientRect();
  const below = bottom + 16 - window.innerHeight;
  if (below > 0 && below < window.innerHeight / 2) window.scrollBy({ top: below });
}

function showProblem(message: string): void {
  const problem = element('#problem', HTMLElement);
  problem.textContent = message;
  problem.hidden = false;
}

function clearProblem(): void {
  element('#problem', HTMLElement).hidden = true;
}

/** Tells those who do not see the page. */
function announce(text: string): void {
  element('#notice', HTMLElement).textContent = text;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
