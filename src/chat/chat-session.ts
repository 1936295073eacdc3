import { askChoosing } from '../engine/ask-choosing.js';
import type { AnswerUsage, ImagePrefix } from '../engine/engine.js';
import { choosingOf } from '../llava/choosing.js';
import { ExpectedError } from '../llava/expected-error.js';
import { checkQuestion, writeRequest, type Question } from '../llava/response-format.js';
import { KEPT_FEATURES, type Album, type PicturePlace, type SeenPicture } from './album.js';
import {
  promptTurns,
  reserveOf,
  turnsToDrop,
  type ChatAnswer,
  type ChatStop,
  type ChatTurn,
} from './chat-turn.js';
import { EMPTY_STATUS, type ChatStatus, type ChatView } from './chat-view.js';
import { questionBy } from './chat-settings.js';
import type { AskOptions, AskSettings, FindModel, LoadableModel, OpenedModel } from './chat-settings.js';
import { PrefixShelf } from './prefix-shelf.js';
import { resultUntilAborted } from '../flow/until-aborted.js';

/** The chat itself: pictures, what was said about each, and the weights that answer. One thing at a time. */
export class ChatSession implements AsyncDisposable {
  readonly album: Album;
  readonly settings: AskSettings;
  readonly view: ChatView;
  readonly #findModel: FindModel;
  #opening: Promise<OpenedModel>;
  readonly #prefixes = new PrefixShelf(KEPT_FEATURES);
  #closing = new AbortController();
  #status: ChatStatus = EMPTY_STATUS;
  /** Settles when no picture is being looked at. */
  #looking: Promise<void> = Promise.resolve();
  lastAnswer: ChatAnswer | undefined;
  /** The last question, when it stood by itself. */
  lastIndependent: Question | undefined;

  /** Begins to load the weights. */
  constructor(
    album: Album,
    settings: AskSettings,
    view: ChatView,
    model: LoadableModel,
    findModel: FindModel,
  ) {
    this.album = album;
    this.settings = settings;
    this.view = view;
    this.#findModel = findModel;
    this.#opening = this.#load(model);
    this.#opening.catch(() => undefined);
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
    this.#evaluated(seen).catch(() => undefined);
    return seen;
  }

  /** From here on, this is what was said about the current picture. */
  setTurns(turns: readonly ChatTurn[]): void {
    const seen = this.needPicture();
    seen.turns = turns;
    // While a question is being typed; its failure is told when the question comes.
    this.#evaluated(seen).catch(() => undefined);
  }

  /** Answers with other weights from here on; the conversations stay. */
  async changeModel(name: string): Promise<OpenedModel> {
    const model = await this.#findModel(name);
    await this.#close();
    this.#opening = this.#load(model);
    this.#opening.catch(() => undefined);
    if (this.album.current !== undefined) this.#evaluated(this.album.current).catch(() => undefined);
    return await this.#opening;
  }

  /** A question with the session's format, choices and labels. */
  questionOf(text: string): Question {
    return questionBy(this.settings, text);
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
    const { isIndependent = false, turns: earlier = seen.turns, sampling } = options;
    try {
      if (this.#status.device !== undefined) this.#show({ work: `looking at ${seen.info.label}` });
      // A stopped question leaves it to go on: the next one needs it as well.
      const prefix = await resultUntilAborted(this.#evaluated(seen), signal);
      const turns = await this.#makeRoom(prefix, request, isIndependent ? [] : earlier);
      if (turns === undefined) return;
      this.view.begin(question);
      const asked = { question, request };
      const { answer, stop, usage } = await this.#collect(prefix, asked, turns, signal, sampling);
      const turn: ChatTurn = { question, request, answer, stop };
      this.lastAnswer = { turn, usage };
      this.lastIndependent = isIndependent ? question : undefined;
      if (!isIndependent && answer !== '') seen.turns = [...turns, turn];
      await this.view.end(this.lastAnswer);
      this.#showUsed(seen, prefix);
      if (!isIndependent) this.#tellRoom();
    } finally {
      this.#show({ work: undefined });
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#close();
  }

  async #load(model: LoadableModel): Promise<OpenedModel> {
    this.#show({
      model: model.name,
      work: `loading ${model.name}`,
      device: undefined,
      contextSize: undefined,
      used: 0,
    });
    try {
      const engine = await model.load();
      const { device, contextSize } = engine.info;
      this.#show({ device, contextSize });
      return { name: model.name, engine };
    } finally {
      this.#show({ work: undefined });
    }
  }

  async #close(): Promise<void> {
    this.#closing.abort();
    const opened = await this.#opening.catch(() => undefined);
    await this.#looking;
    this.#prefixes.clear();
    this.#closing = new AbortController();
    this.album.forgetFeatures();
    await opened?.engine[Symbol.asyncDispose]();
  }

  /** The image prefix of a picture, in the context: encoded once, evaluated where others took its place. */
  #evaluated(seen: SeenPicture): Promise<ImagePrefix> {
    const prefix = this.#evaluate(seen);
    this.#looking = Promise.allSettled([this.#looking, prefix]).then(() => undefined);
    return prefix;
  }

  async #evaluate(seen: SeenPicture): Promise<ImagePrefix> {
    const { systemText } = this.settings;
    const { signal } = this.#closing;
    const prefix = await this.#prefixes.get(JSON.stringify([seen.id, systemText ?? null]), async () => {
      const { engine } = await this.#opening;
      return engine.look(await this.album.features(seen, engine, signal), systemText);
    });
    await prefix.evaluate(signal);
    this.#showUsed(seen, prefix);
    return prefix;
  }

  async #collect(
    prefix: ImagePrefix,
    { question, request }: Pick<ChatTurn, 'question' | 'request'>,
    turns: readonly ChatTurn[],
    signal: AbortSignal,
    sampling = this.settings.sampling,
  ): Promise<{ answer: string; stop: ChatStop; usage: AnswerUsage | undefined }> {
    this.#show({ work: 'answering' });
    let answer = '';
    try {
      const events = askChoosing(prefix, request, sampling, choosingOf(question), signal, promptTurns(turns));
      for await (const event of events) {
        if (event.type === 'done') {
          const { answerTokens, answerMs } = event.usage;
          this.#show({ tokensPerSecond: answerMs > 0 ? (answerTokens / answerMs) * 1000 : undefined });
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

  /** What picture and conversation take, up to where the next question goes. */
  #showUsed(seen: SeenPicture, prefix: ImagePrefix): void {
    if (seen === this.album.current) this.#show({ used: prefix.countTokens('', promptTurns(seen.turns)) });
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
  #tellRoom(): void {
    const { used, contextSize = Infinity } = this.#status;
    if (used + 2 * reserveOf(contextSize) <= contextSize) return;
    this.view.note(
      `The context fills up: ${used} of ${contextSize} positions. /drop forgets the oldest turns; the picture stays.`,
    );
  }

  #show(change: Partial<ChatStatus>): void {
    this.#status = { ...this.#status, ...change };
    this.view.status(this.#status);
  }
}
