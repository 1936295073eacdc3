import type { LlamaContextSequence, LlamaModel, Token } from 'node-llama-cpp';
import { ExpectedError } from '../llava/expected-error.js';
import type { Turn } from '../llava/prompt.js';
import { conversationTokens, type ConversationTokens } from './conversation-tokens.js';
import type { AnswerEvent, ImagePrefix, Sampling, StopReason } from './engine.js';
import type { ImageSlots } from './image-slots.js';
import type { PrefixParts } from './sequence-pool.js';
import { TextStream } from './text-stream.js';

/** An image prefix that is brought into a slot for each question, where it mostly is already. */
export class LlamaPrefix implements ImagePrefix {
  readonly tokens: number;
  readonly #model: LlamaModel;
  readonly #contextSize: number;
  readonly #slots: ImageSlots;
  readonly #parts: PrefixParts;

  /** @throws ExpectedError('engine') when it leaves no room in a context of that many positions */
  constructor(model: LlamaModel, contextSize: number, slots: ImageSlots, parts: PrefixParts) {
    this.#model = model;
    this.#contextSize = contextSize;
    this.#slots = slots;
    this.#parts = parts;
    this.tokens = parts.textBefore.length + parts.features.tokens;
    if (this.tokens < contextSize) return;
    throw new ExpectedError(
      'engine',
      `The picture does not fit: it takes ${this.tokens} positions and the context has ${contextSize}.`,
      { hint: 'Open the weights with a larger context' },
    );
  }

  async evaluate(signal?: AbortSignal): Promise<void> {
    const lent = await this.#slots.lend(this.#parts, signal);
    lent[Symbol.dispose]();
  }

  countTokens(question: string, turns: readonly Turn[] = []): number {
    return this.tokens + conversationTokens(this.#model, turns, question).tokens.length;
  }

  async *ask(
    question: string,
    sampling: Sampling,
    signal?: AbortSignal,
    turns: readonly Turn[] = [],
  ): AsyncGenerator<AnswerEvent> {
    const conversation = conversationTokens(this.#model, turns, question);
    const promptTokens = this.tokens + conversation.tokens.length;
    const room = roomAfter(promptTokens, this.#contextSize);
    const limit = Math.min(sampling.maxTokens, room);
    const start = performance.now();
    using lent = await this.#slots.lend(this.#parts, signal);
    const { sequence, evaluated } = lent;
    const lookedAt = evaluated === 0 ? start : performance.now();
    const open = await this.#keepTurns(sequence, conversation);
    const text = new TextStream<Token>((tokens, before) => this.#model.detokenize(tokens, false, before));
    let firstTokenAt: number | undefined;
    let answerTokens = 0;
    let reason: StopReason = 'end';
    for await (const token of sequence.evaluate(open, evaluationOptions(sampling))) {
      signal?.throwIfAborted();
      firstTokenAt ??= performance.now();
      answerTokens++;
      const piece = text.push(token);
      if (piece !== '') yield { type: 'text', text: piece };
      if (answerTokens < limit) continue;
      reason = limit < sampling.maxTokens ? 'context-full' : 'max-tokens';
      break;
    }
    signal?.throwIfAborted();
    const rest = text.end();
    if (rest !== '') yield { type: 'text', text: rest };
    const end = performance.now();
    const answerStart = firstTokenAt ?? end;
    yield {
      type: 'done',
      reason,
      usage: {
        promptTokens,
        evaluatedTokens: evaluated + open.length,
        answerTokens,
        lookMs: lookedAt - start,
        questionMs: answerStart - lookedAt,
        answerMs: end - answerStart,
      },
    };
  }

  /**
   * Cuts the sequence behind what it shares with the conversation's earlier turns; the rest is answered.
   * The question itself is always evaluated whole, so that its answer is the same whatever was asked before.
   */
  async #keepTurns(
    sequence: LlamaContextSequence,
    { tokens, questionStart }: ConversationTokens,
  ): Promise<Token[]> {
    const there = sequence.contextTokens.slice(this.tokens);
    let kept = 0;
    while (kept < questionStart && there[kept] === tokens[kept]) kept++;
    const start = this.tokens + kept;
    await sequence.eraseContextTokenRanges([{ start, end: sequence.nextTokenIndex }]);
    return tokens.slice(kept);
  }
}

/** Positions left for the answer. */
function roomAfter(promptTokens: number, contextSize: number): number {
  const room = contextSize - promptTokens;
  if (room > 0) return room;
  throw new ExpectedError(
    'engine',
    `The context is full: picture and question take ${promptTokens} positions and it has ${contextSize}.`,
    { hint: 'Ask a shorter question, or begin a new chat' },
  );
}

/** Temperature 0 is greedy. No top-k and no penalties: the reference has none. */
function evaluationOptions({ temperature, topP, seed }: Sampling) {
  return { temperature, topP, topK: 0, minP: 0, ...(seed === undefined ? {} : { seed }) };
}
