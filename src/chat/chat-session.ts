import type { AnswerUsage, Engine, ImagePrefix, Sampling } from '../engine/engine.js';
import { ExpectedError } from '../llava/expected-error.js';
import { checkQuestion, writeRequest, type Question, type ResponseFormat } from '../llava/response-format.js';
import { KEPT_FEATURES as KEPT_PREFIXES, type Album, type PicturePlace, type SeenPicture } from './album.js';
import {
  promptTurns,
  reserveOf,
  turnsToDrop,
  type ChatAnswer,
  type ChatStop,
  type ChatTurn,
} from './chat-turn.js';
import type { ChatStatus, ChatView } from './chat-view.js';

/** Loaded weights, and what to call them. */
export interface OpenedModel {
  readonly engine: Engine;
  readonly name: string;
}

/** Loads weights; undefined are those of the command line. */
export type OpenModel = (name: string | undefined) => Promise<OpenedModel>;

/** How questions are put from here on. */
export interface AskSettings {
  format: ResponseFormat;
  choices: readonly string[] | undefined;
  systemText: string | undefined;
  readonly sampling: Sampling;
}

/** How one question differs from the settings. */
export interface AskOptions {
  readonly turns?: readonly ChatTurn[];
  readonly sampling?: Sampling;
  /** Stands by itself: no turn of the conversation. */
  readonly isIndependent?: boolean;
}

/** The chat itself: pictures, what was said about each, and the weights that answer. One thing at a time. */
export class ChatSession implements AsyncDisposable {
  readonly album: Album;
  readonly settings: AskSettings;
  readonly view: ChatView;
  readonly #open: OpenModel;
  #opening: Promise<OpenedModel>;
  #prefixes = new Map<string, ImagePrefix>();
  #status: ChatStatus;
  lastAnswer: ChatAnswer | undefined;
  /** The last question, when it stood by itself. */
  lastIndependent: Question | undefined;

  /** Begins to load the weights. */
  constructor(album: Album, settings: AskSettings, view: ChatView, open: OpenModel, model: string) {
    this.album = album;
    this.settings = settings;
    this.view = view;
    this.#open = open;
    this.#status = {
      model,
      device: undefined,
      picture: undefined,
      used: 0,
      contextSize: undefined,
      tokensPerSecond: undefined,
      work: undefined,
    };
    this.#opening = this.#load(undefined);
  }

  get status(): ChatStatus {
    return this.#status;
  }

  /** Settles when the weights are loaded. */
  async ready(): Promise<OpenedModel> {
    return await this.#opening;
  }

  /** Looks at a picture; its conversation, if it was seen before, goes on. */
  async look(place: PicturePlace, signal: AbortSignal): Promise<SeenPicture> {
    const { seen, decoded } = await this.album.open(place, signal);
    this.lastIndependent = undefined;
    this.#show({ picture: seen.info.label, used: 0 });
    await this.view.picture(seen, decoded);
    return seen;
  }

  /** Answers with other weights from here on; the conversations stay. */
  async changeModel(name: string): Promise<OpenedModel> {
    await this.#close();
    this.#opening = this.#load(name);
    return await this.#opening;
  }

  /** A question with the session's format and choices. */
  questionOf(text: string): Question {
    const { format, choices } = this.settings;
    return { text, format, ...(choices === undefined ? {} : { choices }) };
  }

  /** The picture that the chat is about. @throws ExpectedError('usage') when there is none yet */
  needPicture(): SeenPicture {
    const { current } = this.album;
    if (current !== undefined) return current;
    throw new ExpectedError('usage', 'There is no picture yet, and questions are about one.', {
      hint: '/image street.jpg, or drop a picture on the terminal',
    });
  }

  /**
   * Answers a question about the current picture, and keeps the turn unless it stands by itself.
   * @param signal stops the answer; what is there of it is kept
   */
  async ask(question: Question, signal: AbortSignal, options: AskOptions = {}): Promise<void> {
    const seen = this.needPicture();
    checkQuestion(question);
    const request = writeRequest(question, seen.info);
    const isIndependent = options.isIndependent === true;
    try {
      const { prefix, encodeMs, lookMs } = await this.#prefix(seen, signal);
      const wanted = isIndependent ? [] : (options.turns ?? seen.turns);
      const turns = await this.#makeRoom(prefix, request, wanted);
      if (turns === undefined) return;
      this.view.begin(question);
      const { answer, stop, usage } = await this.#collect(prefix, request, turns, signal, options.sampling);
      const turn: ChatTurn = { question, request, answer, stop };
      this.lastAnswer = { turn, usage, encodeMs, lookMs };
      this.lastIndependent = isIndependent ? question : undefined;
      if (!isIndependent) seen.turns = answer === '' ? turns : [...turns, turn];
      await this.view.end(this.lastAnswer);
      this.#tellRoom(isIndependent);
    } finally {
      this.#show({ work: undefined });
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#close();
  }

  async #load(name: string | undefined): Promise<OpenedModel> {
    this.#show({ work: `loading ${name ?? this.#status.model}`, device: undefined, contextSize: undefined });
    try {
      const opened = await this.#open(name);
      const { device, contextSize } = opened.engine.info;
      this.#show({ model: opened.name, device, contextSize, work: undefined });
      return opened;
    } catch (error) {
      this.#show({ work: undefined });
      throw error;
    }
  }

  async #close(): Promise<void> {
    const opened = await this.#opening.catch(() => undefined);
    this.#prefixes.clear();
    this.album.forgetFeatures();
    await opened?.engine[Symbol.asyncDispose]();
  }

  async #prefix(
    seen: SeenPicture,
    signal: AbortSignal,
  ): Promise<{ prefix: ImagePrefix; encodeMs: number; lookMs: number }> {
    const { engine } = await this.#opening;
    signal.throwIfAborted();
    const key = JSON.stringify([seen.id, this.settings.systemText ?? null]);
    const known = this.#prefixes.get(key);
    if (known !== undefined) return { prefix: known, encodeMs: 0, lookMs: 0 };
    this.#show({ work: `looking at ${seen.info.label}` });
    const start = performance.now();
    const features = await this.album.features(seen, engine, signal);
    const encoded = performance.now();
    const prefix = await engine.look(features, signal, this.settings.systemText);
    this.#keepPrefix(key, prefix);
    return { prefix, encodeMs: encoded - start, lookMs: performance.now() - encoded };
  }

  /** A prefix holds its features, so no more are kept than features are. */
  #keepPrefix(key: string, prefix: ImagePrefix): void {
    this.#prefixes.set(key, prefix);
    const [oldest] = this.#prefixes.keys();
    if (this.#prefixes.size > KEPT_PREFIXES && oldest !== undefined) this.#prefixes.delete(oldest);
  }

  async #collect(
    prefix: ImagePrefix,
    request: string,
    turns: readonly ChatTurn[],
    signal: AbortSignal,
    sampling = this.settings.sampling,
  ): Promise<{ answer: string; stop: ChatStop; usage: AnswerUsage | undefined }> {
    this.#show({ work: 'answering' });
    let answer = '';
    try {
      for await (const event of prefix.ask(request, sampling, signal, promptTurns(turns))) {
        if (event.type === 'done') {
          this.#account(event.usage);
          return { answer: answer.trim(), stop: event.reason, usage: event.usage };
        }
        answer += event.text;
        await this.view.text(event.text);
      }
    } catch (error) {
      if (!signal.aborted) throw error;
    }
    return { answer: answer.trim(), stop: 'stopped', usage: undefined };
  }

  #account({ promptTokens, answerTokens, answerMs }: AnswerUsage): void {
    const tokensPerSecond = answerMs > 0 ? (answerTokens / answerMs) * 1000 : undefined;
    this.#show({ used: promptTokens + answerTokens, tokensPerSecond });
  }

  /** The turns to ask with; undefined when the user would rather not drop the oldest. */
  async #makeRoom(
    prefix: ImagePrefix,
    request: string,
    turns: readonly ChatTurn[],
  ): Promise<readonly ChatTurn[] | undefined> {
    const size = this.#status.contextSize ?? Infinity;
    const drop = turnsToDrop(promptTurns(turns), size, (kept) => prefix.countTokens(request, kept));
    if (drop === 0) return turns;
    const what = drop === 1 ? 'the oldest turn' : `the ${drop} oldest turns`;
    const taken = prefix.countTokens(request, promptTurns(turns));
    const told = `The context is nearly full: with this question ${taken} of ${size} positions.`;
    const answer = await this.view.choose(`${told} Drop ${what}? The picture stays.`);
    if (answer === true) return turns.slice(drop);
    if (answer === undefined)
      throw new ExpectedError('engine', told, { hint: `/drop ${drop} forgets ${what}; the picture stays` });
    this.view.note('Not asked. /drop, /undo and /clear make room.');
    return undefined;
  }

  /** Says that it gets tight before it is. */
  #tellRoom(isIndependent: boolean): void {
    const { used, contextSize = Infinity } = this.#status;
    if (isIndependent || used + 2 * reserveOf(contextSize) <= contextSize) return;
    this.view.note(
      `The context fills up: ${used} of ${contextSize} positions. /drop forgets the oldest turns; the picture stays.`,
    );
  }

  #show(change: Partial<ChatStatus>): void {
    this.#status = { ...this.#status, ...change };
    this.view.status(this.#status);
  }
}
