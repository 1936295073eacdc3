import type { Answerer, GroupOutcome, GroupQuestion, ShownPicture } from '../batch/answerer.js';
import type { RowAnswer } from '../batch/row-answer.js';
import type { Engine, ImagePrefix } from '../engine/engine.js';
import { ExpectedError } from '../llava/expected-error.js';

/** Answers the questions of a picture one after the other, on one image prefix. */
export class EngineAnswerer implements Answerer {
  readonly #engine: Engine;

  constructor(engine: Engine) {
    this.#engine = engine;
  }

  async *answerGroup(
    { pixels }: ShownPicture,
    questions: readonly GroupQuestion[],
    signal: AbortSignal,
  ): AsyncGenerator<GroupOutcome> {
    const features = await this.#engine.encode(pixels, signal);
    const prefix = await this.#engine.look(features, signal);
    for (const [place, question] of questions.entries())
      yield { question: place, ...(await this.#ask(prefix, features.tokens, question, signal)) };
  }

  /** A question that does not fit the context fails alone. */
  async #ask(
    prefix: ImagePrefix,
    imageTokens: number,
    { request, sampling }: GroupQuestion,
    signal: AbortSignal,
  ): Promise<{ answer: RowAnswer } | { error: { code: 'engine_failed'; message: string } }> {
    let answer = '';
    try {
      for await (const event of prefix.ask(request, sampling, signal)) {
        if (event.type === 'text') {
          answer += event.text;
          continue;
        }
        const { promptTokens, answerTokens, questionMs, answerMs } = event.usage;
        return {
          answer: {
            answer,
            stop: event.reason,
            device: this.#engine.info.device,
            tokens: { prompt: promptTokens, image: imageTokens, answer: answerTokens },
            ms: { question: questionMs, answer: answerMs },
          },
        };
      }
    } catch (error) {
      if (!(error instanceof ExpectedError) || error.kind !== 'engine') throw error;
      return { error: { code: 'engine_failed', message: error.message } };
    }
    throw new ExpectedError('engine', 'The engine stopped before its answer ended.');
  }
}
