import { createHash } from 'node:crypto';
import { appendFileSync } from 'node:fs';
import type { Answerer, PictureQuestion, ShownPicture } from '../../src/batch/answerer.js';
import type { RowAnswer } from '../../src/batch/rows/row-answer.js';
import { ExpectedError } from '../../src/llava/expected-error.js';
import type { Pixels } from '../../src/llava/pixels.js';

export interface PureSettings {
  /** A file that each asked question is appended to, before its answer is given. */
  readonly log?: string | undefined;
  readonly delayMs?: number | undefined;
  readonly parallel?: number | undefined;
}

/**
 * Answers by a pure function of pixels, request and settings: enough to test order, resuming and counts. Of questions
 * asked side by side the later are answered first, so that order has to be made. `fail:` and `defect:` in a question make
 * it fail.
 */
export class PureAnswerer implements Answerer {
  readonly parallel: number;
  /** Every question asked, as `picture request`. */
  readonly asked: string[] = [];
  /** Pictures that were shown, by their pixels. */
  readonly shown: string[] = [];
  /** The most questions that were asked at the same time. */
  mostAtOnce = 0;
  readonly #log: string | undefined;
  readonly #delayMs: number;
  #atOnce = 0;

  constructor({ log, delayMs = 0, parallel = 3 }: PureSettings = {}) {
    this.#log = log;
    this.#delayMs = delayMs;
    this.parallel = parallel;
  }

  show(pixels: Pixels): Promise<ShownPicture> {
    this.shown.push(nameOf(pixels));
    return Promise.resolve({
      ask: async (question, signal) => {
        this.mostAtOnce = Math.max(this.mostAtOnce, ++this.#atOnce);
        try {
          return await this.#ask(pixels, question, signal);
        } finally {
          this.#atOnce--;
        }
      },
    });
  }

  async #ask(
    pixels: Pixels,
    { request, sampling }: PictureQuestion,
    signal: AbortSignal,
  ): Promise<RowAnswer> {
    const picture = nameOf(pixels);
    this.asked.push(`${picture} ${request}`);
    if (this.#log !== undefined)
      appendFileSync(this.#log, `${JSON.stringify([picture, request, sampling])}\n`);
    const turns = this.parallel - this.#atOnce + 1;
    await new Promise((resolve) => setTimeout(resolve, this.#delayMs + turns));
    signal.throwIfAborted();
    if (request.includes('defect:')) throw new TypeError('This is a defect.');
    if (request.includes('fail:')) throw new ExpectedError('engine', 'The context is full.');
    const hash = createHash('sha256')
      .update(JSON.stringify([picture, request, sampling]))
      .digest('hex');
    return {
      answer: `${hash.slice(0, 12)} – “${request.slice(0, 20)}”`,
      stop: 'end',
      device: 'none',
      tokens: { prompt: 600 + request.length, image: 576, answer: 3 },
      ms: { question: 1.5, answer: 2.5 },
    };
  }
}

function nameOf({ rgb }: Pixels): string {
  return createHash('sha256').update(rgb).digest('hex').slice(0, 12);
}
