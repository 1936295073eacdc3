import type { ExitCode } from '../../exit-codes.js';
import type { BatchSummary } from '../../batch/batch-summary.js';
import { answerLine, batchLine } from '../../eval/files/answer-line.js';
import type { Benchmark, EvalRow } from '../../eval/benchmark.js';
import { findBenchmark } from '../../eval/benchmarks/registry.js';
import { sampleRows } from '../../eval/sample-rows.js';
import { ExpectedError } from '../../llava/expected-error.js';
import { quote } from '../../llava/quote.js';
import { warn } from '../../terminal/report-error.js';
import { answerBatch, exitCodeOf } from '../batch/answer-rows.js';
import type { CommandContext } from '../command-context.js';
import type { RunFlags } from './eval-flags.js';
import { reportScore } from './score-answers.js';

/** Sampled answers (BenchLMM alone asks for them) repeat. */
const SEED = 0;

/** Answers a benchmark's questions by the batch engine and scores them when all have an answer. */
export async function runBenchmark(
  name: string,
  flags: RunFlags,
  context: CommandContext,
): Promise<ExitCode> {
  const benchmark = findBenchmark(name);
  if (flags.output === '-')
    throw new ExpectedError('usage', 'The answers need a file, because they are scored afterwards.', {
      hint: `Name one: llava eval run ${name} --data ${quote(flags.data)} -o answers.jsonl`,
    });
  const { limit } = flags;
  const rows = limit === undefined ? benchmark.rows(flags.data) : sampleRows(benchmark, flags.data, limit);
  const withoutPicture = { count: 0 };
  const summary = await answerBatch(
    { rows: batchLines(await startReading(rows), withoutPicture), rewrite: answerLine },
    { ...flags, ...batchFlagsOf(benchmark) },
    context,
  );
  if (withoutPicture.count > 0)
    warn(context.io, `${withoutPicture.count} questions have no picture and were not asked.`);
  if (summary.stopped !== undefined) return exitCodeOf(summary);
  if (isWithoutAnswers(summary))
    throw new ExpectedError('input', 'No question was answered, so there is nothing to score.', {
      hint: `Look at "error" in the lines of ${quote(flags.output)}, then --resume --retry-errors`,
    });
  await reportScore(benchmark, { ...flags, answers: flags.output, sample: limit !== undefined }, context);
  return exitCodeOf(summary);
}

/** As the authors' scripts: their decoding, and pictures as they are stored, not turned by EXIF. */
function batchFlagsOf({ decoding: { temperature, maxTokens } }: Benchmark) {
  return { temperature, maxTokens, topP: 1, seed: SEED, exif: false };
}

/** Reads up to the first row, so that missing files are told before any weights are looked for. */
async function startReading(rows: AsyncIterable<EvalRow>): Promise<AsyncIterable<EvalRow>> {
  const reading = rows[Symbol.asyncIterator]();
  const first = await reading.next();
  return (async function* () {
    for (let next = first; next.done !== true; next = await reading.next()) yield next.value;
  })();
}

async function* batchLines(
  rows: AsyncIterable<EvalRow>,
  withoutPicture: { count: number },
): AsyncGenerator<Uint8Array> {
  for await (const row of rows) {
    const picture = await pictureOf(row);
    if (picture === undefined) withoutPicture.count++;
    else yield Buffer.from(batchLine(row, picture));
  }
}

/** A question among pictures gets one sheet of them, for LLaVA-1.5 takes one picture. */
async function pictureOf({ picture, pictures }: EvalRow): Promise<string | undefined> {
  if (pictures === undefined || picture === undefined) return picture;
  const [{ pictureSheet }, { pngUrl }] = await Promise.all([
    import('../../llava/picture-sheet.js'),
    import('../../llava/png-url.js'),
  ]);
  const sources = pictures.map((path) => ({ kind: 'file', path }) as const);
  return pngUrl(await pictureSheet(sources, { exif: false }));
}

function isWithoutAnswers({ answered, repeated, resumed }: BatchSummary): boolean {
  return answered + repeated + resumed === 0;
}
