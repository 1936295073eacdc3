import { createReadStream } from 'node:fs';
import type { Writable } from 'node:stream';
import { openBatchJob, type Existing } from '../../src/batch/batch-job.js';
import type { BatchSummary } from '../../src/batch/batch-summary.js';
import type { FetchOptions } from '../../src/batch/pictures/fetch-picture.js';
import { PictureFetcher } from '../../src/batch/pictures/fetch-picture.js';
import { runBatch, type BatchRequest } from '../../src/batch/run-batch.js';
import type { PictureRules } from '../../src/batch/pictures/row-picture.js';
import { PureEngine } from './pure-engine.js';

export interface JobSetup {
  readonly input: string | AsyncIterable<Uint8Array>;
  readonly output: string | Writable;
  readonly journal?: string;
  readonly existing?: Existing;
  readonly retryErrors?: boolean;
  readonly pictures?: Partial<PictureRules>;
  readonly fetch?: FetchOptions;
  readonly weights?: string;
  readonly now?: number;
  readonly request?: Partial<BatchRequest>;
  readonly engine?: PureEngine;
  readonly signal?: AbortSignal;
  readonly onProgress?: (summary: BatchSummary) => void;
}

export const SAMPLING = { temperature: 0, topP: 1, seed: undefined, maxTokens: 64 };

/** Runs a batch from file to file, or to a stream, with an engine that needs no weights. */
export async function runJob(
  setup: JobSetup,
): Promise<BatchSummary & { engine: PureEngine; opened: number }> {
  const { weights = 'pure', existing = 'refuse', engine = new PureEngine() } = setup;
  const input = typeof setup.input === 'string' ? setup.input : undefined;
  const options = { ...setup, existing, weights, now: setup.now ?? 1_700_000_000 };
  await using job = await openBatchJob({ ...options, input });
  await using fetcher = new PictureFetcher(setup.fetch);
  let opened = 0;
  const request: BatchRequest = {
    input: typeof setup.input === 'string' ? createReadStream(setup.input) : setup.input,
    defaults: { sampling: SAMPLING },
    pictures: { wishes: {}, ...(setup.fetch === undefined ? {} : { fetcher }), ...setup.pictures },
    model: 'pure-model',
    weights,
    imageSize: 14,
    ...setup.request,
  };
  const summary = await runBatch(
    request,
    job,
    () => {
      opened++;
      return Promise.resolve(engine);
    },
    setup.signal ?? new AbortController().signal,
    setup.onProgress,
  );
  return { ...summary, engine, opened };
}
