import type {
  LlamaContextSequence,
  LlamaGrammarEvaluationState,
  LlamaModel,
  SequenceEvaluateOptions,
  Token,
} from 'node-llama-cpp';
import type { ConversationForm, Turn } from '../../llava/conversation.js';
import { chooseTokens } from './choosing/choose-tokens.js';
import { conversationTokens, endOfAnswer, type ConversationTokens } from './sequences/conversation-tokens.js';
import {
  ContextFull,
  type AnswerEvent,
  type AnswerToken,
  type ContinuationScore,
  type ShownPicture,
  type Sampling,
  type StopReason,
} from '../engine.js';
import type { Grammars } from './choosing/grammars.js';
import type { ImageSlots } from './sequences/image-slots.js';
import type { NativeAddon } from './runtime/native-addon.js';
import { scoreTree } from './choosing/score-tree.js';
import { evaluateAnswer } from './sequences/sequence-bridge.js';
import type { PrefixParts } from './sequences/sequence-pool.js';
import { StopTexts } from './sequences/stop-texts.js';
import { wordTokens } from './sequences/word-tokens.js';
import { TextStream } from './sequences/text-stream.js';
import { growTokenTree, splitTokenTree } from './choosing/token-tree.js';

/** What the pictures of an engine share. */
export interface PictureTools {
  readonly model: LlamaModel;
  readonly conversation: ConversationForm;
  readonly addon: NativeAddon;
  readonly grammars: Grammars;
  readonly slots: ImageSlots;
  /** Positions of each sequence. */
  readonly contextSize: number;
  readonly sequences: number;
}

/**
 * A picture whose image prefix (system text and image features, evaluated) is brought into a slot for each question, where
 * it mostly is already.
 */
export class LlamaPicture implements ShownPicture {
  readonly tokens: number;
  readonly imageTokens: number;
  readonly #tools: PictureTools;
  readonly #parts: PrefixParts;

  /** @throws ContextFull when it leaves no room in the context */
  constructor(tools: PictureTools, parts: PrefixParts) {
    const { contextSize } = tools;
    this.#tools = tools;
    this.#parts = parts;
    this.imageTokens = parts.features.tokens;
    this.tokens = parts.textBefore.length + this.imageTokens;
    if (this.tokens < contextSize) return;
    throw new ContextFull(
      `The picture does not fit: it takes ${this.tokens} positions, the context has ${contextSize}.`,
      `--context ${roundUp(this.tokens + ROOM_FOR_QUESTION)}, or more`,
    );
  }

  async evaluate(signal?: AbortSignal): Promise<void> {
    const lent = await this.#tools.slots.lend(this.#parts, signal);
    lent[Symbol.dispose]();
  }

  countTokens(request: string, turns: readonly Turn[] = []): Promise<number> {
    return Promise.resolve(this.tokens + this.#conversation(turns, request).tokens.length);
  }

  async *ask(
    request: string,
    sampling: Sampling,
    signal?: AbortSignal,
    turns: readonly Turn[] = [],
  ): AsyncGenerator<AnswerEvent> {
    const { model, contextSize, grammars, slots, conversation: form } = this.#tools;
    const conversation = this.#conversation(turns, request);
    const promptTokens = this.tokens + conversation.tokens.length;
    const room = roomAfter(promptTokens, contextSize, turns.length > 0);
    const limit = Math.min(sampling.maxTokens, room);
    const grammar = await grammars.start(sampling);
    const start = performance.now();
    using lent = await slots.lend(this.#parts, signal);
    const { sequence, evaluated } = lent;
    const lookedAt = evaluated === 0 ? start : performance.now();
    const open = await this.#keepTurns(sequence, conversation);
    const text = new TextStream<Token>((tokens, before) => model.detokenize(tokens, false, before));
    const stops = new StopTexts([...form.stopTexts, ...(sampling.stop ?? [])]);
    const answered: Token[] = [];
    let firstTokenAt: number | undefined;
    let reason: StopReason = 'end';
    for await (const token of this.#generate(sequence, open, sampling, grammar)) {
      signal?.throwIfAborted();
      firstTokenAt ??= performance.now();
      answered.push(token);
      const piece = stops.push(text.push(token));
      if (piece !== '') yield { type: 'text', text: piece };
      if (stops.isFound) break;
      if (answered.length < limit) continue;
      reason = limit < sampling.maxTokens ? 'context-full' : 'max-tokens';
      break;
    }
    signal?.throwIfAborted();
    const rest = stops.isFound ? '' : stops.push(text.end()) + stops.end();
    if (rest !== '') yield { type: 'text', text: rest };
    const end = performance.now();
    const answerStart = firstTokenAt ?? end;
    const tokens =
      sampling.logprobs === true
        ? await this.#tellTokens(sequence, promptTokens - 1, open, answered, sampling.topLogprobs ?? 0)
        : undefined;
    yield {
      type: 'done',
      reason,
      ...(tokens === undefined ? {} : { tokens }),
      usage: {
        promptTokens,
        evaluatedTokens: evaluated + open.length,
        answerTokens: answered.length,
        lookMs: lookedAt - start,
        questionMs: answerStart - lookedAt,
        answerMs: end - answerStart,
      },
    };
  }

  #generate(
    sequence: LlamaContextSequence,
    open: Token[],
    sampling: Sampling,
    grammar: LlamaGrammarEvaluationState | undefined,
  ): AsyncIterable<Token> {
    const { model, addon, conversation } = this.#tools;
    if (sampling.oneOf === undefined) return sequence.evaluate(open, evaluationOptions(sampling, grammar));
    const texts = sampling.oneOf.map((text) => wordTokens(model, text));
    const end = endOfAnswer(model, conversation);
    return chooseTokens({ addon, sequence }, open, growTokenTree(texts, end), end, sampling);
  }

  async score(
    request: string,
    continuations: readonly string[],
    signal?: AbortSignal,
    turns: readonly Turn[] = [],
  ): Promise<readonly ContinuationScore[]> {
    const { model, addon, slots, contextSize, sequences, conversation: form } = this.#tools;
    const conversation = this.#conversation(turns, request);
    const texts = continuations.map((text) => wordTokens(model, text));
    const longest = texts.reduce((most, tokens) => Math.max(most, tokens.length), 0);
    roomAfter(this.tokens + conversation.tokens.length + longest, contextSize, turns.length > 0);
    const sums = new Map<number, number>();
    const found = (place: number, logLikelihood: number) => sums.set(place, logLikelihood);
    const parts = splitTokenTree(growTokenTree(texts, endOfAnswer(model, form)), sequences);
    await Promise.all(
      parts.map(async (tree) => {
        using lent = await slots.lend(this.#parts, signal);
        const { sequence } = lent;
        const open = await this.#keepTurns(sequence, conversation);
        await scoreTree({ addon, sequence, found, signal }, open, tree);
      }),
    );
    return texts.map((tokens, place) => ({
      logLikelihood: sums.get(place) ?? NaN,
      tokens: tokens.length,
    }));
  }

  #conversation(turns: readonly Turn[], request: string): ConversationTokens {
    const { model, conversation } = this.#tools;
    return conversationTokens(model, conversation, turns, request);
  }

  /** Evaluates the answer once more, in one batch, to see how likely each of its tokens was. */
  async #tellTokens(
    sequence: LlamaContextSequence,
    start: number,
    open: readonly Token[],
    answered: readonly Token[],
    most: number,
  ): Promise<readonly AnswerToken[]> {
    const { model, addon } = this.#tools;
    const [last] = open.slice(-1);
    if (last === undefined || answered.length === 0) return [];
    await sequence.eraseContextTokenRanges([{ start, end: sequence.nextTokenIndex }]);
    const way = [last, ...answered.slice(0, -1)];
    const read = await evaluateAnswer(addon, sequence, way, answered, most);
    return read.map(({ logProbability, likeliest }, place) => {
      const textOf = (token: Token) => model.detokenize([token], false, answered.slice(0, place));
      const told = { text: textOf(answered[place] ?? last), logProbability };
      if (most === 0) return told;
      return {
        ...told,
        likeliest: likeliest.map(([token, log]) => ({ text: textOf(token), logProbability: log })),
      };
    });
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

/** Positions that a short question and its answer take. */
const ROOM_FOR_QUESTION = 256;

function roundUp(positions: number): number {
  return Math.ceil(positions / 256) * 256;
}

/** Positions left for the answer. */
function roomAfter(promptTokens: number, contextSize: number, isTalk: boolean): number {
  const room = contextSize - promptTokens;
  if (room > 0) return room;
  throw new ContextFull(
    `The context is full: picture and question take ${promptTokens} positions, the context has ${contextSize}.`,
    `${isTalk ? 'Begin anew without the earlier turns' : 'Ask a shorter question'}, or --context ${roundUp(promptTokens + ROOM_FOR_QUESTION)}`,
  );
}

/** Temperature 0 is greedy. No top-k and no penalties: the reference has none. */
function evaluationOptions(
  { temperature, topP, seed }: Sampling,
  grammar: LlamaGrammarEvaluationState | undefined,
): SequenceEvaluateOptions {
  return {
    temperature,
    topP,
    topK: 0,
    minP: 0,
    ...(seed === undefined ? {} : { seed }),
    ...(grammar === undefined ? {} : { grammarEvaluationState: grammar }),
  };
}
