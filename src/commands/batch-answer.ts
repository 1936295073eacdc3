import { EXIT_CODES, type ExitCode } from '../exit-codes.js';
import { openBatchJob, type Existing } from '../batch/batch-job.js';
import type { BatchSummary } from '../batch/batch-summary.js';
import { runBatch } from '../batch/run-batch.js';
import { formatDuration } from '../terminal/format-duration.js';
import { startProgress } from '../terminal/progress.js';
import { checkPair } from '../weights/check-pair.js';
import { identifyWeights } from '../weights/weights-identity.js';
import type { BatchFlags } from './batch.js';
import { openRows, pictureRules, rowDefaults } from './batch-source.js';
import { chooseWeights } from './choose-weights.js';
import type { CommandContext } from './command-context.js';
import { EngineAnswerer } from './engine-answerer.js';
import { openEngine, startEngine } from './open-weights.js';

/** Answers every row; the weights are loaded when the first one has to be asked. */
export async function answerRows(
  input: string,
  flags: BatchFlags,
  context: CommandContext,
): Promise<ExitCode> {
  const { io, signal } = context;
  const rows = await openRows(input, io);
  const files = await chooseWeights(flags, context);
  const pair = await checkPair(files.model, files.mmproj);
  const weights = await identifyWeights(files);
  await using job = await openBatchJob({
    output: flags.output === '-' ? io.stdout : flags.output,
    journal: flags.journal,
    existing: existingOf(flags),
    ...(input === '-' ? {} : { input }),
    retryErrors: flags.retryErrors,
    weights,
    now: Math.floor(Date.now() / 1000),
  });
  await using pictures = pictureRules(flags);
  const request = {
    input: rows,
    defaults: rowDefaults(flags),
    pictures,
    model: files.name,
    weights,
    imageSize: pair.imageSize,
    shard: flags.shard,
    unordered: flags.unordered,
    timings: flags.timings,
    maxErrors: flags.failFast === true ? 0 : flags.maxErrors,
  };
  const stack: AsyncDisposable[] = [];
  const open = async () => {
    const starting = await startEngine(files, flags, context);
    stack.push(starting);
    const engine = await openEngine(starting, files, pair, flags, context);
    stack.push(engine);
    return new EngineAnswerer(engine);
  };
  try {
    const summary = await runWithProgress((onProgress) => runBatch(request, job, open, signal, onProgress));
    io.stderr.write(`${describeSummary(summary)}\n`);
    return exitCodeOf(summary);
  } finally {
    for (const opened of stack.reverse()) await opened[Symbol.asyncDispose]();
  }

  async function runWithProgress(
    run: (onProgress: (summary: BatchSummary) => void) => Promise<BatchSummary>,
  ): Promise<BatchSummary> {
    using progress = startProgress(io);
    const start = performance.now();
    return await run((summary) => {
      const seconds = (performance.now() - start) / 1000;
      const rate = summary.answered / Math.max(seconds, 0.001);
      progress.say(`${describeSummary(summary)}; ${rate.toFixed(1)} a second, ${formatDuration(seconds)}`);
    });
  }
}

function existingOf({ resume, overwrite }: BatchFlags): Existing {
  if (resume === true) return 'resume';
  return overwrite === true ? 'overwrite' : 'refuse';
}

/** `12 rows: 8 answered, 2 repeated, 1 resumed, 1 failed; 3 pictures`. */
function describeSummary(summary: BatchSummary): string {
  const { rows, answered, repeated, resumed, failed, pictures, stopped } = summary;
  const counts = { answered, repeated, resumed, failed };
  const parts = Object.entries(counts).filter(([name, count]) => count > 0 || name === 'answered');
  const told = parts.map(([name, count]) => `${count} ${name}`).join(', ');
  const why = stopped === undefined ? '' : stopped === 'interrupted' ? '; interrupted' : '; too many failed';
  return `${rows} rows: ${told}; ${pictures} pictures${why}`;
}

function exitCodeOf({ stopped, errors }: BatchSummary): ExitCode {
  if (stopped === 'interrupted') return EXIT_CODES.interrupted;
  return Object.keys(errors).length > 0 ? EXIT_CODES.someFailed : EXIT_CODES.ok;
}
