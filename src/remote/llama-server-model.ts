import * as v from 'valibot';
import type { AnswerEvent, AnswerToken, ContinuationScore, Sampling, StopReason } from '../engine/engine.js';
import { textAfterImage, textBeforeImage } from '../llava/conversation.js';
import { TrimStream } from '../llava/trim-stream.js';
import { choiceGrammar } from './choice-grammar.js';
import { cannot } from './dialect.js';
import { checkOwnWords } from './own-words.js';
import { answerToken, count, tokenSchema } from './schemas.js';
import type { SentQuestion, ServedModel, ServerFacts } from './served-model.js';
import type { ServerConnection } from './server-connection.js';
import { asContextFull, ServerFailure } from './server-failure.js';

const NAME = 'llama-server';
/** Random numbers are the server's own choice then. */
const ANY_SEED = -1;

/** A piece of an answer; the last one, or the only one, tells how it ended. */
const pieceSchema = v.object({
  content: v.string(),
  stop: v.boolean(),
  stop_type: v.optional(v.picklist(['none', 'eos', 'limit', 'word'])),
  truncated: v.optional(v.boolean(), false),
  tokens_predicted: v.optional(count, 0),
  tokens_evaluated: v.optional(count, 0),
  timings: v.optional(v.object({ cache_n: v.optional(count, 0) }), {}),
  completion_probabilities: v.optional(v.array(tokenSchema), []),
});
type Piece = v.InferOutput<typeof pieceSchema>;

/**
 * LLaVA-1.5 in llama.cpp's own server. It is asked by its raw API, with the prompt as we write it, since what its chat API makes
 * of messages depends on a template.
 */
export class LlamaServerModel implements ServedModel {
  readonly facts: ServerFacts;
  readonly #connection: ServerConnection;
  readonly #marker: string;

  /** @param marker stands for the picture in prompts to this server */
  constructor(connection: ServerConnection, facts: ServerFacts, marker: string) {
    this.#connection = connection;
    this.facts = facts;
    this.#marker = marker;
  }

  async *ask(
    question: SentQuestion,
    sampling: Sampling,
    isWhole: boolean,
    signal: AbortSignal | undefined,
  ): AsyncGenerator<AnswerEvent, undefined> {
    const body = { ...(await this.#prompt(question)), ...bodyOf(sampling), stream: !isWhole };
    const start = performance.now();
    const { topLogprobs } = sampling;
    const trim = new TrimStream();
    const tokens: AnswerToken[] = [];
    let firstAt: number | undefined;
    let last: Piece | undefined;
    for await (const piece of this.#pieces(body, isWhole, signal)) {
      if (piece.content !== '') firstAt ??= performance.now();
      const text = trim.push(piece.content);
      if (text !== '') yield { type: 'text', text };
      for (const token of piece.completion_probabilities)
        tokens.push(
          answerToken(
            token,
            topLogprobs === undefined ? undefined : token.top_logprobs.slice(0, topLogprobs),
          ),
        );
      if (piece.stop) last = piece;
    }
    if (last === undefined) throw new ServerFailure('broken', this.facts.address, 'did not end its answer');
    const now = performance.now();
    const { tokens_evaluated, tokens_predicted, timings } = last;
    const reason = reasonOf(last);
    yield {
      type: 'done',
      reason,
      usage: {
        promptTokens: tokens_evaluated,
        evaluatedTokens: Math.max(0, tokens_evaluated - timings.cache_n),
        // The token that ends an answer is no part of it.
        answerTokens: Math.max(0, tokens_predicted - (last.stop_type === 'eos' ? 1 : 0)),
        lookMs: 0,
        questionMs: (firstAt ?? now) - start,
        answerMs: now - (firstAt ?? now),
      },
      ...(sampling.logprobs === true ? { tokens } : {}),
    };
  }

  score(): Promise<readonly ContinuationScore[]> {
    return Promise.reject(cannot('tell how likely given answers are', NAME));
  }

  async countTokens(question: SentQuestion, signal: AbortSignal | undefined): Promise<number> {
    const body = { ...(await this.#prompt(question)), n_predict: 1, temperature: 0 };
    return (await this.#call(body, signal)).tokens_evaluated;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#connection[Symbol.asyncDispose]();
  }

  async *#pieces(
    body: object,
    isWhole: boolean,
    signal: AbortSignal | undefined,
  ): AsyncGenerator<Piece, undefined> {
    if (isWhole) {
      yield await this.#call(body, signal);
      return;
    }
    try {
      for await (const line of this.#connection.lines('/completion', body, signal)) {
        if (!line.startsWith('data:')) continue;
        const piece = this.#connection.readLine(pieceSchema, line.slice('data:'.length));
        yield piece;
        if (piece.stop) return;
      }
    } catch (error) {
      throw contextFull(error);
    }
  }

  async #call(body: object, signal: AbortSignal | undefined): Promise<Piece> {
    try {
      return await this.#connection.call('/completion', pieceSchema, body, signal);
    } catch (error) {
      throw contextFull(error);
    }
  }

  async #prompt(question: SentQuestion): Promise<{ readonly prompt: object }> {
    const { conversation } = this.facts;
    checkOwnWords(question, conversation, NAME);
    const { picture, request, turns } = question;
    const after = textAfterImage(conversation, request, turns);
    return {
      prompt: {
        prompt_string: `${textBeforeImage(conversation, picture.systemText)}${this.#marker}${after}`,
        multimodal_data: [await picture.pngText()],
      },
    };
  }
}

/** Nothing else than what the sampling says: this server changes answers by penalties and cut-offs of its own. */
function bodyOf(sampling: Sampling): object {
  const {
    temperature,
    topP,
    seed,
    maxTokens,
    stop,
    logprobs,
    topLogprobs = 0,
    oneOf,
    schema,
    grammar,
  } = sampling;
  return {
    n_predict: maxTokens,
    temperature,
    top_p: topP,
    samplers: ['top_p', 'temperature'],
    seed: seed ?? ANY_SEED,
    cache_prompt: true,
    ...(stop === undefined || stop.length === 0 ? {} : { stop }),
    ...(logprobs === true ? { n_probs: Math.max(1, topLogprobs) } : {}),
    ...(oneOf === undefined ? {} : { grammar: choiceGrammar(oneOf) }),
    ...(schema === undefined ? {} : { json_schema: schema }),
    ...(grammar === undefined ? {} : { grammar }),
  };
}

function reasonOf({ stop_type, truncated }: Piece): StopReason {
  if (stop_type !== 'limit') return 'end';
  return truncated ? 'context-full' : 'max-tokens';
}

function contextFull(error: unknown): unknown {
  const hint = 'Ask with a shorter text, or start the server with a larger --ctx-size';
  return asContextFull(error, /context size|exceed_context_size/i, hint);
}
