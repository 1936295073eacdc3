import type { LlamaContextSequence, LlamaModel, Token } from 'node-llama-cpp';
import { ExpectedError } from '../llava/expected-error.js';
import { textAfterImage, textOfNextTurn } from '../llava/prompt.js';
import type { AnswerEvent, ImagePrefix, Sampling, StopReason } from './engine.js';
import { TextStream } from './text-stream.js';

/** An image prefix that sits at the start of a sequence, with the chat about it behind. */
export class LlamaPrefix implements ImagePrefix {
  readonly tokens: number;
  readonly #model: LlamaModel;
  readonly #sequence: LlamaContextSequence;
  /** The last token of an answer that was cut: shown, but not evaluated yet. */
  #unevaluated: readonly Token[] = [];

  /** @param sequence holds the prefix and nothing else */
  constructor(model: LlamaModel, sequence: LlamaContextSequence) {
    this.#model = model;
    this.#sequence = sequence;
    this.tokens = sequence.nextTokenIndex;
  }

  async *ask(request: string, sampling: Sampling, signal?: AbortSignal): AsyncGenerator<AnswerEvent> {
    await this.#sequence.eraseContextTokenRanges([
      { start: this.tokens, end: this.#sequence.nextTokenIndex },
    ]);
    yield* this.#answer(this.#model.tokenize(textAfterImage(request), false), sampling, signal);
  }

  async *askNext(request: string, sampling: Sampling, signal?: AbortSignal): AsyncGenerator<AnswerEvent> {
    const endOfAnswer = this.#model.tokens.eos;
    const turn = this.#model.tokenize(textOfNextTurn(request), false);
    const said = endOfAnswer === null ? this.#unevaluated : [...this.#unevaluated, endOfAnswer];
    yield* this.#answer([...said, ...turn], sampling, signal);
  }

  async *#answer(question: Token[], sampling: Sampling, signal?: AbortSignal): AsyncGenerator<AnswerEvent> {
    const room = this.#roomAfter(question.length);
    const limit = Math.min(sampling.maxTokens, room);
    const text = new TextStream<Token>((tokens, before) => this.#model.detokenize(tokens, false, before));
    const promptTokens = this.#sequence.nextTokenIndex + question.length;
    const start = performance.now();
    let firstTokenAt: number | undefined;
    let answerTokens = 0;
    let reason: StopReason = 'end';
    for await (const token of this.#sequence.evaluate(question, evaluationOptions(sampling))) {
      this.#unevaluated = [token];
      signal?.throwIfAborted();
      firstTokenAt ??= performance.now();
      answerTokens++;
      const piece = text.push(token);
      if (piece !== '') yield { type: 'text', text: piece };
      if (answerTokens < limit) continue;
      reason = limit < sampling.maxTokens ? 'context-full' : 'max-tokens';
      break;
    }
    if (reason === 'end') this.#unevaluated = [];
    signal?.throwIfAborted();
    const rest = text.end();
    if (rest !== '') yield { type: 'text', text: rest };
    const end = performance.now();
    const answerStart = firstTokenAt ?? end;
    yield {
      type: 'done',
      reason,
      usage: { promptTokens, answerTokens, questionMs: answerStart - start, answerMs: end - answerStart },
    };
  }

  /** Positions left for the answer. */
  #roomAfter(questionTokens: number): number {
    const { contextSize, nextTokenIndex } = this.#sequence;
    const room = contextSize - nextTokenIndex - questionTokens;
    if (room > 0) return room;
    throw new ExpectedError(
      'engine',
      `The context is full: picture and question take ${nextTokenIndex + questionTokens} positions and it has ${contextSize}.`,
      { hint: 'Ask a shorter question, or begin a new chat' },
    );
  }
}

/** Temperature 0 is greedy. No top-k and no penalties: the reference has none. */
function evaluationOptions({ temperature, topP, seed }: Sampling) {
  return { temperature, topP, topK: 0, minP: 0, ...(seed === undefined ? {} : { seed }) };
}
