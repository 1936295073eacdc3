import type {
  AnswerEvent,
  ContinuationScore,
  Engine,
  EngineInfo,
  Sampling,
  ShowOptions,
  ShownPicture,
} from '../engine/engine.js';
import type { Turn } from '../llava/conversation.js';
import { ExpectedError } from '../llava/expected-error.js';
import type { SquarePixels } from '../llava/pixels.js';
import type { AnswerCheck, CheckedAnswer } from './answer-check.js';
import { SentPicture, type SentQuestion, type ServedModel } from './served-model.js';
import { ServerFailure } from './server-failure.js';
import type { ServerPlace, ServerPool } from './server-pool.js';

/** How often a question is sent, at most; when a server cannot be reached it was not. */
const TRIES = 5;

export interface RemoteEngineParts {
  readonly pool: ServerPool;
  readonly info: EngineInfo;
  /** Answers are read whole, so that a question can be asked again wherever its answer broke off. */
  readonly isWhole: boolean;
  readonly check: AnswerCheck;
  /** Answers the questions that are asked twice, when there is no second server. */
  readonly second: (() => Promise<Engine>) | undefined;
  /** Patches kept of each picture. Default: all. */
  readonly imageTokens: number | undefined;
  readonly onNote: (text: string) => void;
}

/** LLaVA-1.5 at servers elsewhere. */
export class RemoteEngine implements Engine {
  readonly info: EngineInfo;
  readonly #parts: RemoteEngineParts;
  #second: Promise<Engine> | undefined;

  constructor(parts: RemoteEngineParts) {
    this.info = parts.info;
    this.#parts = parts;
  }

  show(pixels: SquarePixels, options: ShowOptions = {}): Promise<ShownPicture> {
    const { systemText = this.info.conversation.systemText, imageTokens = this.#parts.imageTokens } = options;
    const picture = new SentPicture(pixels, { systemText, imageTokens });
    const second = this.#parts.second;
    return Promise.resolve(
      new RemotePicture(picture, this.#parts, second && (() => (this.#second ??= second()))),
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const { pool, check, onNote } = this.#parts;
    const summary = check.summary();
    if (summary !== undefined) onNote(summary);
    await pool[Symbol.asyncDispose]();
    const second = await this.#second?.catch(() => undefined);
    await second?.[Symbol.asyncDispose]();
  }
}

/** A picture that is sent along with each question; servers know it again by themselves. */
class RemotePicture implements ShownPicture {
  readonly tokens: number;
  readonly imageTokens: number;
  readonly #picture: SentPicture;
  readonly #parts: RemoteEngineParts;
  readonly #second: (() => Promise<Engine>) | undefined;

  constructor(picture: SentPicture, parts: RemoteEngineParts, second: (() => Promise<Engine>) | undefined) {
    this.#picture = picture;
    this.#parts = parts;
    this.#second = second;
    this.imageTokens = Math.min(parts.info.imageTokens, picture.imageTokens ?? Infinity);
    // What servers have evaluated of it before is theirs to know.
    this.tokens = 0;
  }

  evaluate(): Promise<void> {
    return Promise.resolve();
  }

  async *ask(
    request: string,
    sampling: Sampling,
    signal?: AbortSignal,
    turns: readonly Turn[] = [],
  ): AsyncGenerator<AnswerEvent> {
    const question = { picture: this.#picture, request, turns };
    if (!this.#parts.isWhole) {
      yield* this.#pieces(signal, (served) => served.ask(question, sampling, false, signal));
      return;
    }
    const { events, by } = await this.#whole(signal, async (served) => ({
      events: await gather(served.ask(question, sampling, true, signal)),
      by: served.facts.address,
    }));
    await this.#checkAnswer(question, sampling, { text: textOf(events), by }, signal);
    yield* events;
  }

  async score(
    request: string,
    continuations: readonly string[],
    signal?: AbortSignal,
    turns: readonly Turn[] = [],
  ): Promise<readonly ContinuationScore[]> {
    const question = { picture: this.#picture, request, turns };
    return await this.#whole(signal, (served) => served.score(question, continuations, signal));
  }

  async countTokens(request: string, turns: readonly Turn[] = []): Promise<number> {
    const question = { picture: this.#picture, request, turns };
    return await this.#whole(undefined, (served) => served.countTokens(question, undefined));
  }

  /**
   * Asks until there is an answer, elsewhere if there is an elsewhere. Shown in pieces as it comes, it can be asked for again only
   * while none of it was seen.
   */
  async *#pieces<Piece>(
    signal: AbortSignal | undefined,
    ask: (served: ServedModel) => AsyncIterable<Piece>,
  ): AsyncGenerator<Piece, undefined> {
    let failed: string | undefined;
    for (let tries = 1; ;) {
      const place = await this.#parts.pool.enter(signal, failed);
      let isSeen = false;
      let isGivenBack = false;
      try {
        for await (const piece of ask(place.served)) {
          isSeen = true;
          yield piece;
        }
        isGivenBack = true;
        place.answered();
        return;
      } catch (error) {
        isGivenBack = true;
        const isFinal = settle(place, error);
        if (isSeen || isFinal || (countsAsTry(error) && ++tries > TRIES)) throw error;
        failed = place.served.facts.address;
      } finally {
        if (!isGivenBack) place.leave();
      }
    }
  }

  /** What comes whole is one piece. */
  async #whole<Value>(
    signal: AbortSignal | undefined,
    ask: (served: ServedModel) => Promise<Value>,
  ): Promise<Value> {
    const pieces: Value[] = [];
    for await (const piece of this.#pieces(signal, (served) => onlyOf(ask(served)))) pieces.push(piece);
    return pieces[0] as Value;
  }

  async #checkAnswer(
    question: SentQuestion,
    sampling: Sampling,
    first: CheckedAnswer,
    signal: AbortSignal | undefined,
  ): Promise<void> {
    const { check, pool, onNote } = this.#parts;
    if (!check.begin()) return;
    let place: ServerPlace | undefined;
    try {
      place = await pool.enterOther(signal, first.by);
      if (place !== undefined) {
        const other = await gather(place.served.ask(question, sampling, true, signal));
        place.answered();
        check.compare(question.request, first, { text: textOf(other), by: place.served.facts.address });
      } else if (this.#second !== undefined) {
        const { pixels, systemText, imageTokens } = question.picture;
        const shown = await (await this.#second()).show(pixels, { systemText, imageTokens });
        const other = await gather(shown.ask(question.request, sampling, signal, question.turns));
        check.compare(question.request, first, { text: textOf(other), by: 'the engine here' });
      } else onNote('An answer could not be compared: no second server is up.');
    } catch (error) {
      if (place !== undefined) settle(place, error);
      if (!(error instanceof ExpectedError) || signal?.aborted === true) throw error;
      onNote(`An answer could not be compared: ${error.message}`);
    }
  }
}

/** Gives the place back; whether the failure is the question's own, so that it is in vain to ask again. */
function settle(place: ServerPlace, error: unknown): boolean {
  if (!(error instanceof ServerFailure)) {
    place.leave();
    return true;
  }
  place.failed(error);
  return error.trouble === 'refused';
}

function countsAsTry(error: unknown): boolean {
  return !(error instanceof ServerFailure && error.trouble === 'unreachable');
}

async function gather(events: AsyncIterable<AnswerEvent>): Promise<readonly AnswerEvent[]> {
  const gathered: AnswerEvent[] = [];
  for await (const event of events) gathered.push(event);
  return gathered;
}

function textOf(events: readonly AnswerEvent[]): string {
  return events.map((event) => (event.type === 'text' ? event.text : '')).join('');
}

async function* onlyOf<Value>(value: Promise<Value>): AsyncGenerator<Value, undefined> {
  yield await value;
}
