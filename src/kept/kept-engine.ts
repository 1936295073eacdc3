import { randomInt } from 'node:crypto';
import type {
  AnswerEvent,
  ContinuationScore,
  Engine,
  EngineInfo,
  Sampling,
  ShowOptions,
  ShownPicture,
} from '../engine/engine.js';
import type { ConversationForm, Turn } from '../llava/conversation.js';
import { ExpectedError } from '../llava/expected-error.js';
import type { SquarePixels } from '../llava/pixels.js';
import { KeptGone, type KeptConnection } from './kept-connection.js';
import {
  countSchema,
  eventSchema,
  readFailure,
  scoresSchema,
  shownSchema,
  writeBytes,
  type KeptReady,
  type WireLook,
} from './wire.js';

/**
 * An engine that is kept in a process of its own. When that process dies, another engine is opened here, and takes over
 * where it stopped.
 */
export class KeptEngine implements Engine {
  readonly info: EngineInfo;
  readonly #connection: KeptConnection;
  readonly #openHere: (reason: KeptGone) => Promise<Engine>;
  #here: Promise<Engine> | undefined;

  /** @param openHere opens the same weights in this process, when the kept engine is gone */
  constructor(
    connection: KeptConnection,
    info: KeptReady['info'],
    conversation: ConversationForm,
    openHere: (reason: KeptGone) => Promise<Engine>,
  ) {
    this.#connection = connection;
    this.info = { ...info, threads: info.threads, conversation };
    this.#openHere = openHere;
  }

  async show(pixels: SquarePixels, options: ShowOptions = {}): Promise<ShownPicture> {
    const { signal, systemText, imageTokens } = options;
    const { size, rgb } = pixels;
    const look: WireLook = { pixels: { size, rgb: writeBytes(rgb) }, systemText, imageTokens };
    const showHere = async (reason: KeptGone) => {
      const here = await (this.#here ??= this.#openHere(reason));
      return await here.show(pixels, { systemText, imageTokens });
    };
    if (this.#here !== undefined) return await (await this.#here).show(pixels, options);
    try {
      const shown = await this.#connection.call('/engine/show', shownSchema, look, signal);
      return new KeptPicture(this.#connection, look, shown, showHere);
    } catch (error) {
      if (error instanceof KeptGone) return await showHere(error);
      throw error;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const here = await this.#here?.catch(() => undefined);
    await here?.[Symbol.asyncDispose]();
  }
}

/** A picture that a kept engine has seen, sent along with each question: the engine knows it again by its pixels. */
class KeptPicture implements ShownPicture {
  readonly tokens: number;
  readonly imageTokens: number;
  readonly #connection: KeptConnection;
  readonly #look: WireLook;
  readonly #showHere: (reason: KeptGone) => Promise<ShownPicture>;

  constructor(
    connection: KeptConnection,
    look: WireLook,
    { tokens, imageTokens }: Pick<ShownPicture, 'tokens' | 'imageTokens'>,
    showHere: (reason: KeptGone) => Promise<ShownPicture>,
  ) {
    this.#connection = connection;
    this.#look = look;
    this.tokens = tokens;
    this.imageTokens = imageTokens;
    this.#showHere = showHere;
  }

  async evaluate(signal?: AbortSignal): Promise<void> {
    await this.#orHere(
      async () => {
        await this.#connection.call('/engine/evaluate', shownSchema, this.#look, signal);
      },
      (here) => here.evaluate(signal),
    );
  }

  async *ask(
    request: string,
    sampling: Sampling,
    signal?: AbortSignal,
    turns: readonly Turn[] = [],
  ): AsyncGenerator<AnswerEvent> {
    const repeatable = withSeed(sampling);
    const question = { ...this.#look, request, turns, sampling: repeatable };
    let said = '';
    try {
      for await (const event of this.#connection.lines('/engine/ask', eventSchema, question, signal)) {
        if (event.type === 'failed') throw readFailure({ error: event.error }) ?? new KeptGone('it failed.');
        if (event.type === 'text') said += event.text;
        yield event;
        if (event.type === 'done') return;
      }
      throw new KeptGone('it died in the middle of an answer.');
    } catch (error) {
      if (!(error instanceof KeptGone)) throw error;
      const here = await this.#showHere(error);
      yield* continueAfter(said, here.ask(request, repeatable, signal, turns));
    }
  }

  async score(
    request: string,
    continuations: readonly string[],
    signal?: AbortSignal,
    turns: readonly Turn[] = [],
  ): Promise<readonly ContinuationScore[]> {
    const question = { ...this.#look, request, turns, continuations };
    return await this.#orHere(
      () => this.#connection.call('/engine/score', scoresSchema, question, signal),
      (here) => here.score(request, continuations, signal, turns),
    );
  }

  async countTokens(request: string, turns: readonly Turn[] = []): Promise<number> {
    return await this.#orHere(
      async () => {
        const question = { ...this.#look, request, turns };
        return (await this.#connection.call('/engine/count', countSchema, question)).tokens;
      },
      (here) => here.countTokens(request, turns),
    );
  }

  async #orHere<Value>(
    there: () => Promise<Value>,
    here: (shown: ShownPicture) => Promise<Value>,
  ): Promise<Value> {
    try {
      return await there();
    } catch (error) {
      if (error instanceof KeptGone) return await here(await this.#showHere(error));
      throw error;
    }
  }
}

/** An answer that can be said again, word for word, should its engine die. */
function withSeed(sampling: Sampling): Sampling {
  if (sampling.temperature === 0 || sampling.seed !== undefined) return sampling;
  return { ...sampling, seed: randomInt(2 ** 32) };
}

/**
 * The answer without what was said of it before.
 * @throws ExpectedError('engine') when it is another one
 */
async function* continueAfter(said: string, events: AsyncIterable<AnswerEvent>): AsyncGenerator<AnswerEvent> {
  let text = '';
  for await (const event of events) {
    if (event.type === 'done') {
      if (text.length < said.length) throw cannotContinue();
      yield event;
      return;
    }
    const before = text.length;
    text += event.text;
    const common = Math.min(said.length, text.length);
    if (text.slice(0, common) !== said.slice(0, common)) throw cannotContinue();
    const fresh = text.slice(Math.max(before, said.length));
    if (fresh !== '') yield { type: 'text', text: fresh };
  }
}

function cannotContinue(): ExpectedError {
  return new ExpectedError('engine', 'The kept engine ended in the middle of its answer.', {
    hint: 'Ask again',
  });
}
