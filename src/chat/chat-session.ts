import { answerQuestion } from '../answer/answer-question.js';
import { putQuestion, type AskedQuestion } from '../answer/asked-question.js';
import { settleQuestion } from '../answer/question-options.js';
import type { AnswerUsage, ShownPicture } from '../engine/engine.js';
import { NO_FORM } from '../forms/answer-form.js';
import type { Turn } from '../llava/conversation.js';
import { ExpectedError } from '../llava/expected-error.js';
import type { Question } from '../llava/response-format.js';
import type { Album, PicturePlace, SeenPicture } from './album.js';
import {
  type AskOptions,
  type AskSettings,
  type FindModel,
  type LoadableModel,
  type OpenedModel,
} from './chat-settings.js';
import {
  promptTurns,
  reserveOf,
  turnsToDrop,
  type ChatAnswer,
  type ChatStop,
  type ChatTurn,
} from './chat-turn.js';
import { EMPTY_STATUS, type ChatStatus, type ChatView } from './chat-view.js';
import { resultUntilAborted } from '../flow/until-aborted.js';

/** The chat itself: pictures, what was said about each, and the weights that answer. One thing at a time. */
export class ChatSession implements AsyncDisposable {
  readonly album: Album;
  readonly settings: AskSettings;
  readonly view: ChatView;
  readonly #findModel: FindModel;
  #opening: Promise<OpenedModel>;
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

  /** A question with the session's options. @throws ExpectedError('usage') when it cannot be put so */
  questionOf(text: string): Question {
    this.needPicture();
    const { question, sampling } = this.settings;
    return settleQuestion(text, question, { sampling }).question;
  }

  /** The picture that the chat is about. @throws ExpectedError('usage') when there is none yet */
  needPicture(): SeenPicture {
    const { current } = this.album;
    if (current !== undefined) return current;
    throw new ExpectedError('usage', 'There is no picture to ask about yet.', {
      hint: '/image street.jpg, or drop a picture on the terminal',
    });
  }

  /**
   * Answers a question about the current picture, and keeps the turn unless it stands by itself.
   * @param signal stops the answer; what is there of it is kept
   */
  async ask(question: Question, signal: AbortSignal, options: AskOptions = {}): Promise<void> {
    const seen = this.needPicture();
    const { isIndependent = false, turns: earlier = seen.turns, sampling = this.settings.sampling } = options;
    const asked = putQuestion({ question, sampling, form: NO_FORM, marks: [] }, seen.info);
    const { request } = asked;
    try {
      if (this.#status.device !== undefined) this.#show({ work: `looking at ${seen.info.label}` });
      // A stopped question leaves it to go on: the next one needs it as well.
      const shown = await resultUntilAborted(this.#evaluated(seen), signal);
      const turns = await this.#makeRoom(shown, request, isIndependent ? [] : earlier);
      if (turns === undefined) return;
      this.view.begin(question);
      const { answer, stop, usage } = await this.#collect(shown, asked, turns, signal);
      const turn: ChatTurn = { question, request, answer, stop };
      this.lastAnswer = { turn, usage };
      this.lastIndependent = isIndependent ? question : undefined;
      if (!isIndependent && answer !== '') seen.turns = [...turns, turn];
      await this.view.end(this.lastAnswer);
      await this.#showUsed(seen, shown);
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
    this.#closing = new AbortController();
    await opened?.engine[Symbol.asyncDispose]();
  }

  /** The picture as the engine has seen it: encoded once, evaluated again where others took its place. */
  #evaluated(seen: SeenPicture): Promise<ShownPicture> {
    const shown = this.#evaluate(seen);
    this.#looking = Promise.allSettled([this.#looking, shown]).then(() => undefined);
    return shown;
  }

  async #evaluate(seen: SeenPicture): Promise<ShownPicture> {
    const { systemText } = this.settings;
    const { signal } = this.#closing;
    const { engine } = await this.#opening;
    const pixels = await this.album.pixels(seen, engine.info.imageSize, signal);
    const shown = await engine.show(pixels, { systemText, signal });
    await shown.evaluate(signal);
    await this.#showUsed(seen, shown);
    return shown;
  }

  async #collect(
    shown: ShownPicture,
    asked: AskedQuestion,
    turns: readonly ChatTurn[],
    signal: AbortSignal,
  ): Promise<{ answer: string; stop: ChatStop; usage: AnswerUsage | undefined }> {
    this.#show({ work: 'answering' });
    let text = '';
    try {
      for await (const event of answerQuestion(shown, asked, { signal, turns: promptTurns(turns) })) {
        if (event.type === 'answer') {
          const { usage, stop } = event.answer;
          const { answerTokens, answerMs } = usage;
          this.#show({ tokensPerSecond: answerMs > 0 ? (answerTokens / answerMs) * 1000 : undefined });
          return { answer: text.trim(), stop, usage };
        }
        text += event.text;
        await this.view.text(event.text);
      }
    } catch (error) {
      if (!signal.aborted) throw error;
    }
    return { answer: text.trim(), stop: 'stopped', usage: undefined };
  }

  /** What picture and conversation take, up to where the next question goes. */
  async #showUsed(seen: SeenPicture, shown: ShownPicture): Promise<void> {
    const used = await shown.countTokens('', promptTurns(seen.turns));
    if (seen === this.album.current) this.#show({ used });
  }

  /** The turns to ask with; undefined when the user would rather not drop the oldest. */
  async #makeRoom(
    shown: ShownPicture,
    request: string,
    turns: readonly ChatTurn[],
  ): Promise<readonly ChatTurn[] | undefined> {
    const size = this.#status.contextSize ?? Infinity;
    const count = (kept: readonly Turn[]) => shown.countTokens(request, kept);
    const drop = await turnsToDrop(promptTurns(turns), size, count);
    if (drop === 0) return turns;
    const what = drop === 1 ? 'the oldest turn' : `the ${drop} oldest turns`;
    const taken = await count(promptTurns(turns));
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
      `The context is filling up: ${used} of ${contextSize} positions. /drop forgets the oldest turns; the picture stays.`,
    );
  }

  #show(change: Partial<ChatStatus>): void {
    this.#status = { ...this.#status, ...change };
    this.view.status(this.#status);
  }
}
