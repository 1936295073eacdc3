import type { AnswerEvent, ContinuationScore, Sampling } from '../engine/engine.js';
import type { ExpectedError } from '../llava/expected-error.js';
import { quote } from '../llava/quote.js';
import { countSchema, eventSchema, readFailure, scoresSchema } from '../kept/wire.js';
import type { SentQuestion, ServedModel, ServerFacts } from './served-model.js';
import type { ServerConnection } from './server-connection.js';
import { ServerFailure } from './server-failure.js';

/** The engine of a `llava serve`, by its own contract: it can do there all that it can do here. */
export class LlavaModel implements ServedModel {
  readonly facts: ServerFacts;
  readonly #connection: ServerConnection;

  constructor(connection: ServerConnection, facts: ServerFacts) {
    this.#connection = connection;
    this.facts = facts;
  }

  async *ask(
    question: SentQuestion,
    sampling: Sampling,
    _isWhole: boolean,
    signal: AbortSignal | undefined,
  ): AsyncGenerator<AnswerEvent, undefined> {
    const body = { ...wireQuestion(question), sampling };
    for await (const line of this.#connection.lines('/engine/ask', body, signal)) {
      const event = this.#connection.readLine(eventSchema, line);
      if (event.type === 'failed')
        throw (
          readLlavaFailure({ error: event.error }, this.facts.address) ??
          new ServerFailure('broken', this.facts.address, 'failed')
        );
      yield event;
      if (event.type === 'done') return;
    }
    throw new ServerFailure('broken', this.facts.address, 'stopped in the middle of an answer');
  }

  async score(
    question: SentQuestion,
    continuations: readonly string[],
    signal: AbortSignal | undefined,
  ): Promise<readonly ContinuationScore[]> {
    const body = { ...wireQuestion(question), continuations };
    return await this.#connection.call('/engine/score', scoresSchema, body, signal);
  }

  async countTokens(question: SentQuestion, signal: AbortSignal | undefined): Promise<number> {
    const counted = await this.#connection.call('/engine/count', countSchema, wireQuestion(question), signal);
    return counted.tokens;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#connection[Symbol.asyncDispose]();
  }
}

/** The failure that a `llava serve` writes: the question's own, or one of the server, such as its end. */
export function readLlavaFailure(said: unknown, address: string): ExpectedError | undefined {
  const failure = readFailure(said);
  if (failure === undefined || failure.kind === 'usage' || failure.kind === 'engine') return failure;
  return new ServerFailure('broken', address, `answered with an error: ${quote(failure.message, 300)}`);
}

function wireQuestion({ picture, request, turns }: SentQuestion): object {
  const { systemText, imageTokens } = picture;
  return {
    pixels: { size: picture.pixels.size, rgb: picture.rgbText() },
    systemText,
    imageTokens,
    request,
    turns,
  };
}
