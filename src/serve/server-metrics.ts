import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { Answer } from '../answer/answer-question.js';

/** What the metrics are asked for when they are read. */
export interface MetricsSource {
  /** Requests inside, waiting ones included. */
  readonly inside: () => number;
  readonly isLoaded: () => boolean;
}

/** Counts and times of a server, as Prometheus reads them. */
export class ServerMetrics {
  readonly #registry = new Registry();
  readonly #requests: Counter<'path' | 'status'>;
  readonly #tokens: Counter<'kind'>;
  readonly #pictures: Counter<'kept'>;
  readonly #seconds: Histogram<'step'>;

  constructor({ inside, isLoaded }: MetricsSource) {
    const registers = [this.#registry];
    collectDefaultMetrics({ register: this.#registry });
    this.#requests = new Counter({
      name: 'llava_requests_total',
      help: 'Requests answered, by path and status.',
      labelNames: ['path', 'status'],
      registers,
    });
    this.#tokens = new Counter({
      name: 'llava_tokens_total',
      help: 'Tokens of prompts (evaluated or reused) and of answers.',
      labelNames: ['kind'],
      registers,
    });
    this.#pictures = new Counter({
      name: 'llava_pictures_total',
      help: 'Pictures asked about, by whether their evaluation was kept.',
      labelNames: ['kept'],
      registers,
    });
    this.#seconds = new Histogram({
      name: 'llava_seconds',
      help: 'Seconds by step: look at the picture, read the question, write the answer.',
      labelNames: ['step'],
      buckets: [0.001, 0.01, 0.1, 0.3, 1, 3, 10, 30, 100],
      registers,
    });
    new Gauge({
      name: 'llava_requests_inside',
      help: 'Requests that wait or run.',
      registers,
      collect() {
        this.set(inside());
      },
    });
    new Gauge({
      name: 'llava_weights_loaded',
      help: '1 while the weights are loaded.',
      registers,
      collect() {
        this.set(isLoaded() ? 1 : 0);
      },
    });
  }

  countRequest(path: string, status: number): void {
    this.#requests.inc({ path, status });
  }

  countAnswer({ usage, counts }: Answer): void {
    this.#tokens.inc({ kind: 'prompt evaluated' }, usage.evaluatedTokens);
    this.#tokens.inc({ kind: 'prompt reused' }, usage.promptTokens - usage.evaluatedTokens);
    this.#tokens.inc({ kind: 'answer' }, usage.answerTokens);
    this.#pictures.inc({ kept: String(usage.evaluatedTokens < counts.image) });
    this.#seconds.observe({ step: 'look' }, usage.lookMs / 1000);
    this.#seconds.observe({ step: 'question' }, usage.questionMs / 1000);
    this.#seconds.observe({ step: 'answer' }, usage.answerMs / 1000);
  }

  /** All of it in Prometheus' text format, and that format's media type. */
  async write(): Promise<{ readonly text: string; readonly type: string }> {
    return { text: await this.#registry.metrics(), type: this.#registry.contentType };
  }
}
