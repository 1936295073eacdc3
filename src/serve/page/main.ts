import type { PictureSize } from '../../llava/box.js';
import { element } from './element.js';
import { KeyForm } from './key-form.js';
import { keptKey } from './kept-key.js';
import { takeInPictures } from './picture-intake.js';
import { PictureView } from './picture-view.js';
import { writeBody, type PageQuestion, type PageTurn } from './page-question.js';
import { QuestionForm } from './question-form.js';
import type { ServedRecord } from './served-answer.js';
import { askServer, fetchModel } from './server-link.js';
import { ServerProblem } from './server-problem.js';
import { askLine, curlLine } from './shell-line.js';
import { TurnView, type TurnActions } from './turn-view.js';

/** A picture, and what was said about it. */
interface Conversation {
  readonly file: File;
  /** A data URL. */
  readonly picture: Promise<string>;
  turns: readonly PageTurn[];
  /** The upright picture's, in pixels, once an answer has told it. */
  size?: PictureSize;
}

const problem = element('#problem', HTMLElement);
const pictureView = new PictureView();
const form = new QuestionForm({ ask: begin, stop });
const keyForm = new KeyForm(meetServer);
let conversation: Conversation | undefined;
let running: AbortController | undefined;
let failed: { readonly view: TurnView; readonly question: PageQuestion } | undefined;
let model = '';

takeInPictures({ receive: beginConversation, refuse: showProblem });
meetServer();

/** Learns the model's name, and whether the server wants a key. */
function meetServer(): void {
  fetchModel().then(
    (name) => {
      model = name;
      const shown = element('#model', HTMLElement);
      shown.textContent = name;
      shown.hidden = false;
      if (!keyForm.isOpen) return;
      keyForm.close();
      form.focus();
      if (failed !== undefined) begin(failed.question);
    },
    (error: unknown) => {
      if (!askForKey(error)) showProblem(messageOf(error));
    },
  );
}

function beginConversation(file: File): void {
  stop();
  clearProblem();
  conversation = { file, picture: readDataUrl(file), turns: [] };
  conversation.picture.catch(() => undefined);
  pictureView.show(file);
  failed = undefined;
  element('#turns', HTMLElement).replaceChildren();
  element('#intro', HTMLElement).hidden = true;
  announce(`The picture ${file.name} is here.`);
  form.focus();
}

function begin(question: PageQuestion): void {
  clearProblem();
  if (conversation === undefined) {
    showProblem('Choose a picture first.');
    element('#drop', HTMLButtonElement).focus();
    return;
  }
  if (question.text === '' && question.kind !== 'caption') {
    showProblem('Type a question first.');
    form.focus();
    return;
  }
  failed?.view.remove();
  failed = undefined;
  form.clear();
  form.isBusy = true;
  const stopping = new AbortController();
  running = stopping;
  ask(conversation, question, stopping.signal)
    .catch((error: unknown) => {
      showProblem(messageOf(error));
    })
    .finally(() => {
      if (running !== stopping) return;
      running = undefined;
      form.isBusy = false;
    });
}

/** One question's way to its answer; what stops it is no error. */
async function ask(about: Conversation, question: PageQuestion, signal: AbortSignal): Promise<void> {
  const view = new TurnView(question);
  const start = performance.now();
  const { turns, file } = about;
  const actionsFor = (by: string): TurnActions => {
    const size = sizeOf(about);
    const once = { file: file.name, size, turns, question };
    const where = { origin: location.origin, needsKey: keptKey() !== undefined };
    return {
      showBox: ({ rectangle }) => {
        if (rectangle !== undefined) pictureView.showBox(rectangle, size);
      },
      curlLine: () => curlLine(once, where),
      askLine: turns.length > 0 ? undefined : () => askLine(once, by),
      announce,
    };
  };
  try {
    pictureView.clearBox();
    followAnswer();
    const body = writeBody(await about.picture, sizeOf(about), turns, question);
    let record: ServedRecord | undefined;
    for await (const piece of askServer(body, signal)) {
      if (piece.type === 'record') ({ record } = piece);
      else view.addText(piece.text);
      followAnswer();
    }
    if (record === undefined) throw new ServerProblem('The answer has no end.');
    about.size = { width: record.width, height: record.height };
    about.turns = [...turns, { question, answer: record.answer }];
    const actions = actionsFor(record.model);
    view.end(record, (performance.now() - start) / 1000, actions);
    actions.showBox(record);
  } catch (error) {
    if (signal.aborted) {
      if (view.text !== '') about.turns = [...turns, { question, answer: view.text }];
      view.stopped(actionsFor(model));
      return;
    }
    view.fail(messageOf(error));
    failed = { view, question };
    form.restore(question);
    askForKey(error);
  } finally {
    followAnswer();
  }
}

/** Until the server has told it, as the browser sees it. */
function sizeOf({ size = pictureView.size }: Conversation): PictureSize {
  return size;
}

function stop(): void {
  running?.abort();
}

/** Opens the form for the key when that is what is missing. */
function askForKey(error: unknown): boolean {
  if (!(error instanceof ServerProblem) || !error.isAboutKey) return false;
  keyForm.open(keptKey() === undefined ? undefined : 'That is not the key.');
  return true;
}

/** Keeps the end of an answer in sight, for those who are reading there. */
function followAnswer(): void {
  const { bottom } = element('#question-form', HTMLElement).getBoundingClientRect();
  const hasSlippedBy = bottom - window.innerHeight;
  if (hasSlippedBy > 0 && hasSlippedBy < window.innerHeight / 2) window.scrollBy({ top: hasSlippedBy + 16 });
}

function showProblem(message: string): void {
  problem.textContent = message;
  problem.hidden = false;
}

function clearProblem(): void {
  problem.hidden = true;
}

function announce(text: string): void {
  element('#notice', HTMLElement).textContent = text;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

async function readDataUrl(file: File): Promise<string> {
  return await new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.addEventListener('load', () => {
      resolve(String(reader.result as string));
    });
    reader.addEventListener('error', () => {
      reject(new ServerProblem(`“${file.name}” cannot be read. Choose it again.`));
    });
    reader.readAsDataURL(file);
  });
}
