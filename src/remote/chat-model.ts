import * as v from 'valibot';
import type { AnswerEvent, AnswerToken, ContinuationScore, Sampling, StopReason } from '../engine/engine.js';
import { quote } from '../llava/quote.js';
import { TrimStream } from '../llava/trim-stream.js';
import { cannot, type Dialect } from './dialect.js';
import { checkOwnWords } from './own-words.js';
import { CONTINUED, LabelTokens } from './label-tokens.js';
import { answerToken, count, tokenSchema } from './schemas.js';
import type { SentQuestion, ServedModel, ServerFacts } from './served-model.js';
import type { ServerConnection } from './server-connection.js';
import { asContextFull, ServerFailure } from './server-failure.js';

const CHAT = '/v1/chat/completions';

/** For what is asked for the prompt's sake. */
const ONE_TOKEN: Sampling = { temperature: 0, topP: 1, seed: undefined, maxTokens: 1 };

const logprobsSchema = v.nullish(v.object({ content: v.nullish(v.array(tokenSchema)) }));
const usageSchema = v.object({
  prompt_tokens: count,
  completion_tokens: v.optional(count, 0),
  prompt_tokens_details: v.nullish(v.object({ cached_tokens: v.nullish(count) })),
});
/** Why an answer ended, if it has. */
const ending = {
  finish_reason: v.nullish(v.string()),
  stop_reason: v.nullish(v.union([v.string(), v.number()])),
};
const completionSchema = v.object({
  choices: v.tuple([
    v.object({
      message: v.object({ content: v.nullable(v.string()) }),
      logprobs: logprobsSchema,
      ...ending,
      token_ids: v.nullish(v.array(count)),
    }),
  ]),
  usage: usageSchema,
});
const chunkSchema = v.object({
  choices: v.array(
    v.object({
      delta: v.object({ content: v.nullish(v.string()) }),
      logprobs: logprobsSchema,
      ...ending,
    }),
  ),
  usage: v.nullish(usageSchema),
});
const promptLogprobsSchema = v.object({
  prompt_logprobs: v.array(v.nullable(v.record(v.string(), v.object({ logprob: v.number() })))),
});

type Usage = v.InferOutput<typeof usageSchema>;
type Logprobs = v.InferOutput<typeof logprobsSchema>;

/** What the chat API is asked. */
type ChatBody = { readonly messages: readonly object[] } & Readonly<Record<string, unknown>>;

/** LLaVA-1.5 behind OpenAI's chat API. */
export class ChatModel implements ServedModel {
  readonly facts: ServerFacts;
  readonly #connection: ServerConnection;
  readonly #dialect: Dialect;
  readonly #labelTokens: LabelTokens;

  constructor(connection: ServerConnection, facts: ServerFacts, dialect: Dialect) {
    this.#connection = connection;
    this.facts = facts;
    this.#dialect = dialect;
    this.#labelTokens = new LabelTokens(connection, facts.model, facts.conversation.endOfAnswer.special);
  }

  async *ask(
    question: SentQuestion,
    sampling: Sampling,
    isWhole: boolean,
    signal: AbortSignal | undefined,
  ): AsyncGenerator<AnswerEvent, undefined> {
    const { oneOf, logprobs } = sampling;
    if (oneOf !== undefined && logprobs !== true && this.#dialect.hasTokens) {
      yield* this.#choose(question, oneOf, sampling, signal);
      return;
    }
    const body = await this.#bodyOf(question, sampling);
    const answer = new ArrivingAnswer(sampling, this.facts);
    try {
      if (isWhole) {
        const { choices, usage } = await this.#connection.call(CHAT, completionSchema, body, signal);
        const [{ message, logprobs, finish_reason, stop_reason }] = choices;
        yield* answer.text(message.content ?? '', logprobs);
        answer.end(finish_reason, stop_reason);
        answer.usage(usage);
      } else {
        const streamed = { ...body, stream: true, stream_options: { include_usage: true } };
        for await (const chunk of this.#connection.events(CHAT, chunkSchema, streamed, signal)) {
          for (const { delta, logprobs, finish_reason, stop_reason } of chunk.choices) {
            yield* answer.text(delta.content ?? '', logprobs);
            answer.end(finish_reason, stop_reason);
          }
          answer.usage(chunk.usage);
        }
      }
    } catch (error) {
      throw contextFull(error);
    }
    yield answer.done();
  }

  async score(
    question: SentQuestion,
    continuations: readonly string[],
    signal: AbortSignal | undefined,
  ): Promise<readonly ContinuationScore[]> {
    if (!this.#dialect.hasTokens) throw cannot('tell how likely given answers are', this.#dialect.name);
    const body = await this.#bodyOf(question, ONE_TOKEN);
    const promptTokens = await this.#promptTokens(body, signal);
    return await Promise.all(
      continuations.map((text) => {
        const goesOn = continuations.some((other) => other !== text && other.startsWith(text));
        return this.#scoreOne(body, text, goesOn, promptTokens, signal);
      }),
    );
  }

  async countTokens(question: SentQuestion, signal: AbortSignal | undefined): Promise<number> {
    return await this.#promptTokens(await this.#bodyOf(question, ONE_TOKEN), signal);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#connection[Symbol.asyncDispose]();
  }

  async #promptTokens(body: ChatBody, signal: AbortSignal | undefined): Promise<number> {
    try {
      return (await this.#connection.call(CHAT, completionSchema, body, signal)).usage.prompt_tokens;
    } catch (error) {
      throw contextFull(error);
    }
  }

  /**
   * Chooses as an engine here does: token by token, each text in its usual tokens. Held to a grammar, this server would spell
   * it in others, and meet an unlikely one by its likely beginning.
   */
  async *#choose(
    question: SentQuestion,
    oneOf: readonly string[],
    sampling: Sampling,
    signal: AbortSignal | undefined,
  ): AsyncGenerator<AnswerEvent, undefined> {
    const start = performance.now();
    const { root, end } = await this.#labelTokens.tree(oneOf, signal);
    let node = root;
    const { messages, ...body } = await this.#bodyOf(question, {
      ...sampling,
      oneOf: undefined,
      maxTokens: 1,
    });
    const said: number[] = [];
    let usage: Usage | undefined;
    while (node.next.size > 0) {
      const followers = [...node.next.keys()];
      let [token] = followers;
      if (followers.length > 1 || usage === undefined) {
        const begun = said.length === 0 ? undefined : await this.#labelTokens.text(said, signal);
        const asked = {
          ...body,
          messages:
            begun === undefined ? messages : [...messages, { role: 'assistant', content: begun.trim() }],
          ...(begun === undefined ? {} : CONTINUED),
          allowed_token_ids: followers,
          return_token_ids: true,
        };
        const { choices, usage: used } = await this.#connection.call(CHAT, completionSchema, asked, signal);
        usage ??= used;
        token = choices[0].token_ids?.[0];
      }
      const next = token === undefined ? undefined : node.next.get(token);
      if (token === undefined || next === undefined)
        throw new ServerFailure('broken', this.facts.address, 'chose what it was not allowed to');
      node = next;
      if (token !== end) said.push(token);
    }
    yield { type: 'text', text: oneOf[node.ends[0] ?? 0] ?? '' };
    yield {
      type: 'done',
      reason: 'end',
      usage: {
        promptTokens: usage?.prompt_tokens ?? 0,
        evaluatedTokens: usage?.prompt_tokens ?? 0,
        answerTokens: said.length,
        lookMs: 0,
        questionMs: performance.now() - start,
        answerMs: 0,
      },
    };
  }

  /** The answer stands at the prompt's end, as words that the model is said to have begun with. */
  async #scoreOne(
    { messages, ...body }: ChatBody,
    text: string,
    goesOn: boolean,
    promptTokens: number,
    signal: AbortSignal | undefined,
  ): Promise<ContinuationScore> {
    const said = goesOn ? `${text}${this.facts.conversation.endOfAnswer.special}` : text;
    const scored = {
      ...body,
      messages: [...messages, { role: 'assistant', content: said }],
      prompt_logprobs: 0,
      ...CONTINUED,
    };
    const { prompt_logprobs } = await this.#connection.call(CHAT, promptLogprobsSchema, scored, signal);
    const own = prompt_logprobs.slice(promptTokens).map((tokens) => Object.values(tokens ?? {})[0]?.logprob);
    if (own.length === 0 || own.includes(undefined))
      throw new ServerFailure('broken', this.facts.address, 'tells no log-probabilities of the prompt');
    return {
      logLikelihood: own.reduce<number>((sum, logprob = 0) => sum + logprob, 0),
      tokens: own.length,
    };
  }

  async #bodyOf(question: SentQuestion, sampling: Sampling): Promise<ChatBody> {
    const { conversation } = this.facts;
    checkOwnWords(question, conversation, this.#dialect.name);
    const { temperature, topP, seed, maxTokens, stop, logprobs, topLogprobs } = sampling;
    return {
      model: this.facts.model,
      messages: await chatMessages(question),
      max_tokens: maxTokens,
      temperature,
      ...(temperature === 0 ? {} : { top_p: topP }),
      ...(seed === undefined ? {} : { seed }),
      ...(stop === undefined || stop.length === 0 ? {} : { stop }),
      ...(logprobs === true ? { logprobs, top_logprobs: topLogprobs ?? 0 } : {}),
      ...this.#dialect.constrain(sampling, conversation.answerLead),
    };
  }
}

/** The conversation as OpenAI's API takes it: the picture stands before the first question. */
export async function chatMessages({ picture, request, turns }: SentQuestion): Promise<readonly object[]> {
  const image = { type: 'image_url', image_url: { url: await picture.pngUrl() } };
  const user = (text: string, index: number) => ({
    role: 'user',
    content: index === 0 ? [image, { type: 'text', text }] : text,
  });
  return [
    ...(picture.systemText === '' ? [] : [{ role: 'system', content: picture.systemText }]),
    ...turns.flatMap(({ question, answer }, index) => [
      user(question, index),
      { role: 'assistant', content: answer },
    ]),
    user(request, turns.length),
  ];
}

/** How servers say that an answer ended by itself: vLLM, SGLang, OpenAI; Hugging Face's TGI. */
const ENDS: ReadonlySet<string> = new Set(['stop', 'eos_token', 'stop_sequence']);

/** An answer in pieces, and what is told of it at its end. */
class ArrivingAnswer {
  readonly #start = performance.now();
  readonly #trim = new TrimStream();
  readonly #sampling: Sampling;
  readonly #facts: ServerFacts;
  readonly #tokens: AnswerToken[] = [];
  #firstAt: number | undefined;
  #finish: string | undefined;
  #isStoppedByText = false;
  #usage: Usage | undefined;

  constructor(sampling: Sampling, facts: ServerFacts) {
    this.#sampling = sampling;
    this.#facts = facts;
  }

  *text(piece: string, logprobs: Logprobs): Generator<AnswerEvent, undefined> {
    const { topLogprobs } = this.#sampling;
    for (const token of logprobs?.content ?? [])
      this.#tokens.push(answerToken(token, topLogprobs === undefined ? undefined : token.top_logprobs));
    if (piece === '') return;
    this.#firstAt ??= performance.now();
    const text = this.#trim.push(piece);
    if (text !== '') yield { type: 'text', text };
  }

  end(reason: string | null | undefined, stop: string | number | null | undefined): void {
    this.#finish ??= reason ?? undefined;
    if (typeof stop === 'string') this.#isStoppedByText = true;
  }

  usage(usage: Usage | null | undefined): void {
    this.#usage = usage ?? this.#usage;
  }

  /** @throws ServerFailure when the answer did not end */
  done(): AnswerEvent {
    const { address, conversation } = this.#facts;
    if (this.#finish === undefined || this.#usage === undefined)
      throw new ServerFailure('broken', address, 'did not end its answer');
    if (this.#finish !== 'length' && !ENDS.has(this.#finish))
      throw new ServerFailure('broken', address, `ended its answer by ${quote(this.#finish)}`);
    const { prompt_tokens, completion_tokens, prompt_tokens_details } = this.#usage;
    const now = performance.now();
    const firstAt = this.#firstAt ?? now;
    const reason = this.#reason(prompt_tokens + completion_tokens);
    // The token that ends an answer is no part of it.
    const hasEnd = reason === 'end' && !this.#isStoppedByText;
    const tokens =
      hasEnd && this.#tokens.at(-1)?.text === conversation.endOfAnswer.special
        ? this.#tokens.slice(0, -1)
        : this.#tokens;
    return {
      type: 'done',
      reason,
      usage: {
        promptTokens: prompt_tokens,
        evaluatedTokens: prompt_tokens - (prompt_tokens_details?.cached_tokens ?? 0),
        answerTokens: Math.max(0, completion_tokens - (hasEnd ? 1 : 0)),
        lookMs: 0,
        questionMs: firstAt - this.#start,
        answerMs: now - firstAt,
      },
      ...(this.#sampling.logprobs === true ? { tokens } : {}),
    };
  }

  #reason(positions: number): StopReason {
    if (this.#finish !== 'length') return 'end';
    const { contextSize } = this.#facts;
    return contextSize !== undefined && positions >= contextSize ? 'context-full' : 'max-tokens';
  }
}

function contextFull(error: unknown): unknown {
  const pattern = /context (length|size|window)|context_length_exceeded|input tokens/i;
  return asContextFull(error, pattern, 'Ask with a shorter text, or give the server a larger context');
}
