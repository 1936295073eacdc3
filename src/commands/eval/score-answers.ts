import { mkdir } from 'node:fs/promises';
import { join, parse } from 'node:path';
import type { Benchmark, FileToWrite } from '../../eval/benchmark.js';
import { findBenchmark } from '../../eval/benchmarks/registry.js';
import type { EvalResult } from '../../eval/eval-result.js';
import { readAnswers } from '../../eval/files/read-answers.js';
import { compareWithPublished, comparisonRows, figureRows } from '../../eval/report.js';
import { writeWholeFile } from '../../files/write-whole-file.js';
import { ExpectedError } from '../../llava/expected-error.js';
import { quote } from '../../llava/quote.js';
import { writeJson } from '../../terminal/io.js';
import { printable } from '../../terminal/printable.js';
import { startProgress } from '../../terminal/progress.js';
import { formatTable } from '../../terminal/table.js';
import type { CommandContext } from '../command-context.js';
import type { ScoreFlags } from './eval-flags.js';
import { writeProblem } from '../../llava/file-problem.js';

/** Scores answers, or what a judge said of them, and shows the result. */
export async function scoreFiles(name: string, flags: ScoreFlags, context: CommandContext): Promise<void> {
  const benchmark = findBenchmark(name);
  if (flags.answers === undefined && flags.reviews === undefined)
    throw new ExpectedError('usage', 'Nothing to score: give --answers or --reviews.', {
      hint: `llava eval score ${name} --data ${flags.data} --answers answers.jsonl`,
    });
  await reportScore(benchmark, flags, context);
}

/** What scoring gave: figures, files for somebody else, or both. */
interface Outcome {
  readonly result: EvalResult | undefined;
  readonly files: readonly (Omit<FileToWrite, 'content'> & { readonly path: string })[];
}

/** Scores and shows: a table or JSON on stdout, files written and what becomes of them. */
export async function reportScore(
  benchmark: Benchmark,
  flags: ScoreFlags,
  { io }: CommandContext,
): Promise<void> {
  const outcome = await scoreWithProgress();
  if (flags.json === true) writeJson(io, describe(benchmark, outcome, flags));
  else io.stdout.write(printable(show(benchmark, outcome, flags)));

  async function scoreWithProgress(): Promise<Outcome> {
    using progress = startProgress(io);
    progress.say(`scoring ${benchmark.title}`);
    return flags.reviews === undefined
      ? await scoreAnswers(benchmark, flags)
      : { result: await summarise(benchmark, flags, flags.reviews), files: [] };
  }
}

async function scoreAnswers(benchmark: Benchmark, flags: ScoreFlags): Promise<Outcome> {
  const { data, answers = '', write, sample = false } = flags;
  const file = await readAnswers(answers, sample);
  const result = await benchmark.score?.(data, file);
  const isForOthers = benchmark.score === undefined;
  if (write !== undefined && benchmark.write === undefined)
    throw new ExpectedError(
      'usage',
      `${benchmark.title} has no files for others to score: leave out --write.`,
    );
  if (write === undefined && !isForOthers) return { result, files: [] };
  const folder = write ?? besideAnswers(answers, benchmark);
  return { result, files: await writeFiles(folder, (await benchmark.write?.(data, file)) ?? []) };
}

async function summarise(
  benchmark: Benchmark,
  { data, sample }: ScoreFlags,
  reviews: readonly string[],
): Promise<EvalResult> {
  const { name, title } = benchmark;
  if (benchmark.summarise === undefined)
    throw new ExpectedError('usage', `${title} is not scored by a judge, so --reviews does not apply.`, {
      hint: `llava eval score ${name} --data ${data} --answers answers.jsonl`,
    });
  return await benchmark.summarise(data, reviews, sample);
}

/** `answers.jsonl` → `answers-pope`: the files of several models stay apart. */
function besideAnswers(answers: string, { name }: Benchmark): string {
  const { dir, name: stem } = parse(answers);
  return join(dir, `${stem}-${name}`);
}

async function writeFiles(folder: string, files: readonly FileToWrite[]): Promise<Outcome['files']> {
  await makeFolder(folder);
  const written = [];
  for (const { name, content, purpose } of files) {
    const path = join(folder, name);
    await writeWholeFile(path, typeof content === 'string' ? Buffer.from(content) : content);
    written.push({ name, path, purpose });
  }
  return written;
}

async function makeFolder(folder: string): Promise<void> {
  try {
    await mkdir(folder, { recursive: true });
  } catch (error) {
    throw new ExpectedError(
      'input',
      `The folder ${quote(folder)} cannot be created: ${writeProblem(error)}.`,
      {
        hint: 'Name a folder with --write',
        cause: error,
      },
    );
  }
}

function show(benchmark: Benchmark, { result, files }: Outcome, flags: ScoreFlags): string {
  const { title, measure, publishedIn, scoredBy } = benchmark;
  const parts = [`${title}: ${measure}\n`];
  if (flags.sample === true) parts.push(`${SAMPLE}\n`);
  if (result !== undefined) parts.push(`\n${formatTable(figureRows(result))}`);
  if (result !== undefined && flags.compare === true) {
    const rows = comparisonRows(result, benchmark);
    parts.push(`\nPublished: ${publishedIn}\n`, rows.length > 1 ? formatTable(rows) : '');
  }
  if (result === undefined && flags.compare === true)
    parts.push(`Nothing to compare yet: the figure comes from the ${scoredBy}.\n`);
  const notes = result?.notes ?? [];
  if (notes.length > 0) parts.push(`\n${notes.map((note) => `note: ${note}\n`).join('')}`);
  if (files.length > 0) parts.push(`\n${formatTable(files.map(({ path, purpose }) => [path, purpose]))}`);
  return parts.join('');
}

const SAMPLE = 'A sample of the questions: not the benchmark’s figure.';

function describe(benchmark: Benchmark, { result, files }: Outcome, flags: ScoreFlags): unknown {
  const { name, title, measure, scoredBy, publishedIn } = benchmark;
  const comparison =
    flags.compare === true && result !== undefined
      ? {
          publishedIn,
          comparison: compareWithPublished(result, benchmark).map(({ figure, ...rest }) => ({
            figure: figure.name,
            ...rest,
          })),
        }
      : {};
  return {
    benchmark: name,
    title,
    measure,
    scoredBy,
    sample: flags.sample === true,
    ...(result === undefined
      ? {}
      : { headline: result.headline, figures: result.figures, notes: result.notes }),
    ...comparison,
    files,
  };
}
