import { Writable } from 'node:stream';
import { ReadStream, WriteStream } from 'node:tty';
import type { ChatHost } from '../../chat/chat-host.js';
import { ChatSession } from '../../chat/chat-session.js';
import { completeText } from '../../chat/complete.js';
import { describeSeveral } from '../../chat/look-at-pictures.js';
import { picturePathIn, runLine } from '../../chat/run-line.js';
import { EXIT_CODES, type ExitCode } from '../../exit-codes.js';
import { ExpectedError } from '../../llava/expected-error.js';
import { complete, pressKey, type InputEffect } from '../../terminal/screen/input.js';
import { obeyJobControl, type JobControl } from '../../terminal/screen/job-control.js';
import { type Key, readKeyboard } from '../../terminal/screen/keyboard.js';
import { insert } from '../../terminal/screen/line-editor.js';
import { keepInHistory, readHistory } from './chat-history.js';
import { loadable, modelFinder } from './chat-models.js';
import { ScreenView } from './screen-view.js';
import type { ChatStart } from './chat-start.js';
import { localChatHost } from './local-chat-host.js';
import type { CommandContext } from '../command-context.js';
import { pictureWishes } from '../options/picture-options.js';

/** The chat in an interface, until the user leaves it. */
export async function chatOnScreen(start: ChatStart, context: CommandContext): Promise<ExitCode> {
  const { stdin, stdout } = context.io;
  if (!(stdin instanceof ReadStream) || !(stdout instanceof WriteStream))
    throw new TypeError('The interface needs a terminal at both ends.');
  const history = await readHistory();
  // Before anything is drawn: what is typed from then on are keys.
  using keyboard = readKeyboard(stdin, stdout);
  using view = new ScreenView(context.io, start.flags.preview, stdin, stdout, history);
  const told = tellingNotes(context, view);
  const model = loadable(start.engine, told);
  const find = modelFinder(start.flags, told);
  await using session = new ChatSession(start.album, start.settings, view, model, find);
  using jobs = obeyJobControl({
    leave: () => {
      view.leave();
      keyboard.release();
    },
    comeBack: () => {
      keyboard.take();
      view.comeBack();
    },
  });
  const chat = new ScreenChat(
    session,
    view,
    localChatHost(told, pictureWishes(start.flags)),
    jobs,
    context.signal,
  );
  keyboard.onKey = (key) => {
    chat.press(key);
  };
  await chat.run(start);
  return context.signal.aborted ? EXIT_CODES.interrupted : EXIT_CODES.ok;
}

/** While the interface is on the screen, warnings are notes in it, and no spinner draws over it. */
function tellingNotes(context: CommandContext, view: ScreenView): CommandContext {
  const stderr = new Writable({
    decodeStrings: false,
    write: (text: string, _, done) => {
      view.note(text.trim());
      done();
    },
  });
  return { ...context, io: { ...context.io, stderr, stderrIsTerminal: false } };
}

function isSuspend(key: Key): boolean {
  return key.kind === 'key' && key.ctrl && key.name === 'z';
}

/** Keys in, lines done one after the other. */
class ScreenChat {
  readonly #session: ChatSession;
  readonly #view: ScreenView;
  readonly #host: ChatHost;
  readonly #jobs: JobControl;
  readonly #signal: AbortSignal;
  readonly #leaving = new AbortController();
  /** Stops what is being done; undefined at rest. */
  #current: AbortController | undefined;
  #last: Promise<void> = Promise.resolve();
  /** Lines go to the history file in their order. */
  #kept: Promise<void> = Promise.resolve();
  #waiting: readonly string[] = [];

  constructor(session: ChatSession, view: ScreenView, host: ChatHost, jobs: JobControl, signal: AbortSignal) {
    this.#session = session;
    this.#view = view;
    this.#host = host;
    this.#jobs = jobs;
    this.#signal = signal;
  }

  /** Ends when the user leaves. @throws ExpectedError when the first weights do not load */
  async run({ pictures }: ChatStart): Promise<void> {
    this.#view.note('Ask about a picture. /help lists the commands; Ctrl-D leaves.');
    const [first] = pictures;
    this.#session.album.add(pictures);
    if (pictures.length > 1) this.#view.note(describeSeveral(pictures.length));
    if (first !== undefined) this.#do(undefined, (signal) => this.#session.look(first, signal));
    const left = new Promise<void>((resolve) => {
      const leave = () => {
        this.#current?.abort();
        this.#view.decide(false);
        resolve();
      };
      this.#leaving.signal.addEventListener('abort', leave);
      this.#signal.addEventListener('abort', leave);
    });
    await Promise.race([left, this.#session.ready().then(() => left)]);
    await this.#last;
  }

  press(key: Key): void {
    if (this.#decide(key)) return;
    const { input, effect } = pressKey(this.#view.state.input, key, this.#current !== undefined);
    this.#view.change({ type: 'input', input });
    if (effect !== undefined) this.#follow(effect);
  }

  /** A yes-or-no question takes all keys until it is answered. */
  #decide(key: Key): boolean {
    if (this.#view.state.choice === undefined || isSuspend(key)) return false;
    if (key.kind === 'text' ? /^y$/i.test(key.text) : key.kind === 'key' && key.name === 'return')
      return this.#view.decide(true);
    const isNo =
      key.kind === 'text' ? /^n$/i.test(key.text) : key.kind === 'key' && /^(c|escape)$/.test(key.name);
    if (isNo) this.#view.decide(false);
    return true;
  }

  #follow(effect: InputEffect): void {
    switch (effect.type) {
      case 'submit':
        // A history that cannot be written is no reason to stop talking.
        this.#kept = this.#kept.then(() => keepInHistory(effect.text)).catch(() => undefined);
        this.#submit(effect.text);
        return;
      case 'pasted':
        void this.#takePaste(effect.text);
        return;
      case 'complete':
        void this.#complete(effect.text);
        return;
      case 'paste-picture':
        this.#submit('/paste');
        return;
      case 'stop':
        this.#current?.abort();
        return;
      case 'leave':
        this.#leaving.abort();
        return;
      case 'redraw':
        this.#view.comeBack();
        return;
      case 'suspend':
        this.#jobs.suspend();
        return;
    }
  }

  #submit(line: string): void {
    this.#do(line, async (signal) => {
      if (!(await runLine(this.#session, this.#host, line, signal))) this.#leaving.abort();
    });
  }

  /** Does one thing after those before it; `line` is shown when its turn comes. */
  #do(line: string | undefined, work: (signal: AbortSignal) => Promise<unknown>): void {
    if (line !== undefined) this.#wait([...this.#waiting, line]);
    this.#last = this.#last.then(async () => {
      if (line !== undefined) {
        this.#wait(this.#waiting.slice(1));
        if (this.#leaving.signal.aborted) return;
        this.#view.change({ type: 'entry', kind: 'question', text: line });
      }
      const current = new AbortController();
      this.#current = current;
      try {
        await work(current.signal);
      } catch (error) {
        this.#fail(error, current.signal);
      } finally {
        this.#current = undefined;
      }
    });
  }

  #fail(error: unknown, stopped: AbortSignal): void {
    if (error instanceof ExpectedError && error.kind !== 'interrupted') this.#view.fail(error);
    else if (stopped.aborted) this.#view.note('Stopped.');
    else {
      const reason = error instanceof Error ? error.message : String(error);
      this.#view.fail(new ExpectedError('engine', `This is a defect of llava: ${reason}`));
    }
  }

  #wait(lines: readonly string[]): void {
    this.#waiting = lines;
    this.#view.change({ type: 'waiting', lines });
  }

  /** A dropped picture is looked at; any other text goes into the input line. */
  async #takePaste(text: string): Promise<void> {
    const path = await picturePathIn(text);
    if (path !== undefined) {
      this.#submit(text.trim());
      return;
    }
    const { input } = this.#view.state;
    this.#view.change({ type: 'input', input: { ...input, line: insert(input.line, text) } });
  }

  async #complete(text: string): Promise<void> {
    const models = text.startsWith('/model') ? await this.#host.models() : [];
    const completions = await completeText(text, models);
    this.#view.change({ type: 'input', input: complete(this.#view.state.input, text, completions) });
  }
}
