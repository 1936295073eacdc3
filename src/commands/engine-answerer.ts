import type { Answerer, PictureQuestion, ShownPicture } from '../batch/answerer.js';
import type { RowAnswer } from '../batch/rows/row-answer.js';
import { askChoosing } from '../engine/ask-choosing.js';
import type { Engine, ImagePrefix } from '../engine/engine.js';
import { ExpectedError } from '../llava/expected-error.js';
import type { Pixels } from '../llava/pixels.js';

/** Answers the questions of a picture side by side, on forks of one image prefix. */
export class EngineAnswerer implements Answerer {
  readonly #engine: Engine;

  constructor(engine: Engine) {
    this.#engine = engine;
  }

  get parallel(): number {
    return this.#engine.info.sequences;
  }

  async show(pixels: Pixels, signal: AbortSignal): Promise<ShownPicture> {
    const { info } = this.#engine;
    const features = await this.#engine.encode(pixels, signal);
    const prefix = this.#engine.look(features);
    const facts = { device: info.device, imageTokens: features.tokens };
    return { ask: (question, asking) => answerQuestion(prefix, question, facts, asking) };
  }
}

async function answerQuestion(
  prefix: ImagePrefix,
  { request, sampling, choosing }: PictureQuestion,
  { device, imageTokens }: { readonly device: string; readonly imageTokens: number },
  signal: AbortSignal,
): Promise<RowAnswer> {
  let answer = '';
  for await (const event of askChoosing(prefix, request, sampling, choosing, signal)) {
    if (event.type === 'text') {
      answer += event.text;
      continue;
    }
    const { promptTokens, answerTokens, questionMs, answerMs } = event.usage;
    return {
      answer,
      stop: event.reason,
      device,
      tokens: { prompt: promptTokens, image: imageTokens, answer: answerTokens },
      ...(event.choices === undefined ? {} : { choices: [...event.choices] }),
      ...(event.tokens === undefined ? {} : { logprobs: [...event.tokens] }),
      ms: { question: questionMs, answer: answerMs },
    };
  }
  throw new ExpectedError('engine', 'The engine stopped before its answer ended.');
}
