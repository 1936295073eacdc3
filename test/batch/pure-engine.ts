import { createHash } from 'node:crypto';
import { appendFileSync } from 'node:fs';
import type { AnswerEvent, Engine, EngineInfo, Sampling, ShownPicture } from '../../src/engine/engine.js';
import { VICUNA_V1 } from '../../src/llava/conversations/vicuna-v1.js';
import { ExpectedError } from '../../src/llava/expected-error.js';
import type { Pixels } from '../../src/llava/pixels.js';

export interface PureSettings {
  /** A file that each asked question is appended to, before its answer is given. */
  readonly log?: string | undefined;
  readonly delayMs?: number | undefined;
  readonly parallel?: number | undefined;
  /** Holds back the answer to a request. */
  readonly before?: ((request: string) => Promise<void>) | undefined;
}

/**
 * Answers by a pure function of pixels, request and settings: enough to test order, resuming and counts. Of questions
 * asked side by side the later are answered first, so that order has to be made. `fail:` and `defect:` in a question make
 * it fail.
 */
export class PureEngine implements Engine {
  readonly parallel: number;
  readonly info: EngineInfo;
  /** Every question asked, as `picture request`. */
  readonly asked: string[] = [];
  /** Pictures that were shown, by their pixels. */
  readonly shown: string[] = [];
  /** The most questions that were asked at the same time. */
  mostAtOnce = 0;
  readonly #log: string | undefined;
  readonly #delayMs: number;
  readonly #before: PureSettings['before'];
  #atOnce = 0;

  constructor({ log, delayMs = 0, parallel = 3, before }: PureSettings = {}) {
    this.#before = before;
    this.#log = log;
    this.#delayMs = delayMs;
    this.parallel = parallel;
    this.info = {
      device: 'none',
      threads: undefined,
      contextSize: 2048,
      sequences: parallel,
      imageSize: 14,
      imageTokens: 576,
      conversation: VICUNA_V1,
      loadMs: 0,
    };
  }

  show(pixels: Pixels): Promise<ShownPicture> {
    this.shown.push(nameOf(pixels));
    return Promise.resolve({
      tokens: 600,
      imageTokens: 576,
      ask: (request, sampling, signal) => this.#answer(pixels, request, sampling, signal),
      evaluate: () => Promise.resolve(),
      score: () => Promise.reject(new Error('Nothing is scored here.')),
      countTokens: (request) => Promise.resolve(600 + request.length),
    });
  }

  [Symbol.asyncDispose](): Promise<void> {
    return Promise.resolve();
  }

  async *#answer(
    pixels: Pixels,
    request: string,
    sampling: Sampling,
    signal?: AbortSignal,
  ): AsyncGenerator<AnswerEvent> {
    this.mostAtOnce = Math.max(this.mostAtOnce, ++this.#atOnce);
    try {
      yield { type: 'text', text: await this.#textOf(pixels, request, sampling, signal) };
    } finally {
      this.#atOnce--;
    }
    yield {
      type: 'done',
      reason: 'end',
      usage: {
        promptTokens: 600 + request.length,
        evaluatedTokens: 0,
        answerTokens: 3,
        lookMs: 0,
        questionMs: 1.5,
        answerMs: 2.5,
      },
    };
  }

  async #textOf(pixels: Pixels, request: string, sampling: Sampling, signal?: AbortSignal): Promise<string> {
    const picture = nameOf(pixels);
    this.asked.push(`${picture} ${request}`);
    if (this.#log !== undefined)
      appendFileSync(this.#log, `${JSON.stringify([picture, request, sampling])}\n`);
    await this.#before?.(request);
    const turns = this.parallel - this.#atOnce + 1;
    await new Promise((resolve) => setTimeout(resolve, this.#delayMs + turns));
    signal?.throwIfAborted();
    if (request.includes('defect:')) throw new TypeError('This is a defect.');
    if (request.includes('fail:')) throw new ExpectedError('engine', 'The context is full.');
    const hash = createHash('sha256')
      .update(JSON.stringify([picture, request, sampling]))
      .digest('hex');
    return `${hash.slice(0, 12)} – “${request.slice(0, 20)}”`;
  }
}

function nameOf({ rgb }: Pixels): string {
  return createHash('sha256').update(rgb).digest('hex').slice(0, 12);
}
