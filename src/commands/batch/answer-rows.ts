import { stat } from 'node:fs/promises';
import { openBatchJob, type Existing } from '../../batch/batch-job.js';
import type { BatchSummary } from '../../batch/batch-summary.js';
import type { RowSink } from '../../batch/output/output-file.js';
import { runBatch } from '../../batch/run-batch.js';
import { EXIT_CODES, type ExitCode } from '../../exit-codes.js';
import { openCache } from '../../opening/open-cache.js';
import { DEFAULT_CONTEXT } from '../../opening/plan-placement.js';
import { findEngine } from '../../remote/find-engine.js';
import { startProgress } from '../../terminal/progress.js';
import type { PairInfo } from '../../weights/check/check-pair.js';
import type { CommandContext } from '../command-context.js';
import { openingHost } from '../options/opening-host.js';
import type { BatchFlags } from './batch-flags.js';
import { describeProgress, describeSummary } from './batch-progress.js';
import { openInput } from './picture-rows.js';
import { pictureRules, rowDefaults } from './row-source.js';

/** What LLaVA-1.5 was trained with; each question side by side takes as much. */
const USUAL_CONTEXT = 2048;
/** Room for picture and question beside the answer. */
const PROMPT_ROOM = 1024;

/** Answers the rows of a file or of stdin. */
export async function answerRows(
  input: string,
  flags: BatchFlags,
  context: CommandContext,
): Promise<ExitCode> {
  return exitCodeOf(await answerBatch(await openInput(input, flags, context), flags, context));
}

/** Rows of a batch and what becomes of their answers. */
export interface BatchSource {
  readonly rows: AsyncIterable<Uint8Array>;
  /** The file that they are read from, if it is one: never written to. */
  readonly path?: string;
  /** Changes output lines on their way out; default: as they are. */
  readonly rewrite?: (line: string) => string;
}

/** Answers every row; the weights are loaded when the first one has to be asked. */
export async function answerBatch(
  source: BatchSource,
  flags: BatchFlags,
  context: CommandContext,
): Promise<BatchSummary> {
  const { io, signal } = context;
  const host = openingHost(context);
  const found = await findEngine(flags, host);
  const imageSize = await found.imageSize();
  const weights = await found.identity();
  await using job = await openBatchJob({
    output: flags.output === '-' ? io.stdout : flags.output,
    journal: flags.journal,
    existing: existingOf(flags),
    input: source.path,
    retryErrors: flags.retryErrors,
    weights,
    now: Math.floor(Date.now() / 1000),
  });
  const { path, rewrite } = source;
  const target = rewrite === undefined ? job : { ...job, sink: rewritingSink(job.sink, rewrite) };
  await using pictures = pictureRules(flags);
  const request = {
    input: source.rows,
    defaults: rowDefaults(flags),
    tile: flags.tile,
    pictures,
    model: found.name,
    weights,
    imageSize,
    shard: flags.shard,
    unordered: flags.unordered,
    timings: flags.timings,
    maxErrors: flags.failFast === true ? 0 : flags.maxErrors,
  };
  const cache = await openCache(flags, host);
  const stack: AsyncDisposable[] = [];
  const open = async () => {
    const opening = await found.open(host);
    stack.push(opening);
    const sequences = flags.parallel ?? 'auto';
    const engine = await opening.open({
      sequences,
      answersWhole: true,
      context: (pair) => contextOf(flags, pair),
      cache,
    });
    stack.push(engine);
    return engine;
  };
  try {
    const summary = await runWithProgress((onProgress) =>
      runBatch(request, target, open, signal, onProgress),
    );
    io.stderr.write(`${describeSummary(summary)}\n`);
    return summary;
  } finally {
    for (const opened of stack.reverse()) await opened[Symbol.asyncDispose]();
  }

  async function runWithProgress(
    run: (onProgress: (summary: BatchSummary) => void) => Promise<BatchSummary>,
  ): Promise<BatchSummary> {
    using progress = startProgress(io);
    const inputBytes = path === undefined ? undefined : (await stat(path)).size / (flags.shard?.count ?? 1);
    const start = performance.now();
    return await run((summary) => {
      const seconds = (performance.now() - start) / 1000;
      progress.say(describeProgress(summary, { seconds, inputBytes, cacheHits: cache?.features.hits }));
    });
  }
}

/** Longer than usual only where answers may be longer. */
function contextOf({ context, maxTokens }: BatchFlags, { contextLength }: PairInfo): number {
  if (context !== undefined) return context;
  const needed = maxTokens + PROMPT_ROOM > USUAL_CONTEXT ? DEFAULT_CONTEXT : USUAL_CONTEXT;
  return Math.min(contextLength, needed);
}

function rewritingSink(sink: RowSink, rewrite: (line: string) => string): RowSink {
  return {
    write: (line) => sink.write(rewrite(line)),
    flush: () => sink.flush(),
    finish: () => sink.finish(),
    close: () => sink.close(),
  };
}

function existingOf({ resume, overwrite }: BatchFlags): Existing {
  if (resume === true) return 'resume';
  return overwrite === true ? 'overwrite' : 'refuse';
}

/** 130 when interrupted, 3 when a row failed. */
export function exitCodeOf({ stopped, errors }: BatchSummary): ExitCode {
  if (stopped === 'interrupted') return EXIT_CODES.interrupted;
  return Object.keys(errors).length > 0 ? EXIT_CODES.someFailed : EXIT_CODES.ok;
}
