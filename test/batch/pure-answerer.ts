import { createHash } from 'node:crypto';
import { appendFileSync } from 'node:fs';
import type { Answerer, GroupOutcome, GroupQuestion, ShownPicture } from '../../src/batch/answerer.js';
import { ExpectedError } from '../../src/llava/expected-error.js';

/**
 * Answers by a pure function of pixels, request and settings: enough to test order, resuming and counts.
 * Questions of a group are answered last first, so that order has to be made. `fail:` and `break:` in a question
 * make it, or its whole group from there, fail.
 */
export class PureAnswerer implements Answerer {
  /** Every question asked, as `sha256 request`. */
  readonly asked: string[] = [];
  readonly groups: { sha256: string; questions: number }[] = [];
  readonly #log: string | undefined;
  readonly #delayMs: number;

  /** @param log a file that each asked question is appended to, before its answer is given */
  constructor(log?: string, delayMs = 0) {
    this.#log = log;
    this.#delayMs = delayMs;
  }

  async *answerGroup(
    { sha256, pixels }: ShownPicture,
    questions: readonly GroupQuestion[],
    signal: AbortSignal,
  ): AsyncGenerator<GroupOutcome> {
    this.groups.push({ sha256, questions: questions.length });
    for (const [question, { request, sampling }] of [...questions.entries()].reverse()) {
      if (this.#delayMs > 0) await new Promise((resolve) => setTimeout(resolve, this.#delayMs));
      signal.throwIfAborted();
      this.asked.push(`${sha256} ${request}`);
      if (this.#log !== undefined)
        appendFileSync(this.#log, `${JSON.stringify([sha256, request, sampling])}\n`);
      if (request.includes('break:')) throw new ExpectedError('engine', 'The engine broke.');
      if (request.includes('defect:')) throw new TypeError('This is a defect.');
      if (request.includes('fail:')) {
        yield { question, error: { code: 'engine_failed', message: 'The context is full.' } };
        continue;
      }
      const hash = createHash('sha256')
        .update(pixels.rgb)
        .update(JSON.stringify([request, sampling]));
      yield {
        question,
        answer: {
          answer: `${hash.digest('hex').slice(0, 12)} – “${request.slice(0, 20)}”`,
          stop: 'end',
          device: 'none',
          tokens: { prompt: 600 + request.length, image: 576, answer: 3 },
          ms: { question: 1.5, answer: 2.5 },
        },
      };
    }
  }
}
