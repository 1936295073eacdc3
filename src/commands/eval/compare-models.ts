import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, isAbsolute, join, resolve } from 'node:path';
import * as v from 'valibot';
import { findBenchmark } from '../../eval/benchmarks/registry.js';
import {
  compareAnswers,
  isExpected,
  type ComparedAnswer,
  type ComparedQuestion,
} from '../../eval/compare/compare-answers.js';
import { readJsonLines } from '../../eval/files/read-json.js';
import type { ExitCode } from '../../exit-codes.js';
import { ExpectedError } from '../../llava/expected-error.js';
import { fileProblem } from '../../llava/file-problem.js';
import { quote } from '../../llava/quote.js';
import { writeJson } from '../../terminal/io.js';
import { printable } from '../../terminal/printable.js';
import { answerBatch, exitCodeOf } from '../batch/answer-rows.js';
import type { CommandContext } from '../command-context.js';
import { rowsOfBenchmark, withRightness, type ComparedRow } from './compare-benchmark.js';
import { readComparedModel, type ComparedModel } from './compared-model.js';
import { comparisonRecord, describeComparison } from './describe-comparison.js';
import type { CompareFlags } from './eval-flags.js';

/** Asks two models, or one in two ways, the same questions, and tells how they differ. */
export async function compareModels(
  names: readonly [string, string],
  flags: CompareFlags,
  context: CommandContext,
): Promise<ExitCode> {
  const { questions, benchmark, data } = flags;
  if ((questions === undefined) === (benchmark === undefined))
    throw new ExpectedError('usage', 'A comparison needs questions: either --questions or --benchmark.', {
      hint: `llava eval compare ${names.join(' ')} --questions questions.jsonl`,
    });
  if (benchmark !== undefined && data === undefined)
    throw new ExpectedError('usage', `--benchmark ${benchmark} needs --data, the folder of its files.`, {
      hint: `llava eval list ${benchmark} shows which files`,
    });
  if (flags.resume === true && flags.output === undefined)
    throw new ExpectedError('usage', '--resume needs -o, the folder of the earlier comparison.', {
      hint: `llava eval compare ${names.join(' ')} -o FOLDER --resume`,
    });
  const sides = [await readComparedModel(names[0]), await readComparedModel(names[1])] as const;
  const asked = benchmark === undefined ? undefined : findBenchmark(benchmark);
  const rows =
    asked === undefined
      ? await rowsOfFile(questions ?? '')
      : await rowsOfBenchmark(asked, data ?? '', flags.limit);
  const limited = flags.limit === undefined || benchmark !== undefined ? rows : rows.slice(0, flags.limit);
  if (limited.length === 0)
    throw new ExpectedError('input', 'There are no questions to compare by.', {
      hint: 'Give a file of rows as llava batch takes them, with "expected" where the right answer is known',
    });
  const folder = await makeFolder(flags.output);
  try {
    const exitCodes: ExitCode[] = [];
    const answers: (readonly (ComparedAnswer | undefined)[])[] = [];
    for (const [place, side] of sides.entries()) {
      const output = join(folder, `answers-${place + 1}.jsonl`);
      context.io.stderr.write(`${side.name}:\n`);
      const summary = await answerBatch({ rows: linesOf(limited) }, batchFlags(side, output, flags), context);
      exitCodes.push(exitCodeOf(summary));
      if (summary.stopped !== undefined) return exitCodeOf(summary);
      answers.push(await readBack(output, limited));
    }
    const [first = [], second = []] = answers;
    const paired: ComparedQuestion[] = limited.map((_, place) => ({
      first: first[place],
      second: second[place],
    }));
    const judged =
      asked === undefined ? paired : await withRightness(asked, data ?? '', limited, paired, context);
    const comparison = compareAnswers(judged);
    if (flags.json === true) writeJson(context.io, comparisonRecord(names, comparison));
    else context.io.stdout.write(printable(describeComparison(names, comparison)));
    return Math.max(...exitCodes) as ExitCode;
  } finally {
    if (flags.output === undefined) await rm(folder, { recursive: true, force: true });
  }
}

/** The same for both sides but for what is its own; greedy, so that a difference is one of the weights. */
function batchFlags({ flags: own }: ComparedModel, output: string, flags: CompareFlags) {
  const { device, threads, gpuLayers, context, kvType, cache, cachePrefixes, cacheSize, parallel } = flags;
  const shared = { device, threads, gpuLayers, context, kvType, cache, cachePrefixes, cacheSize, parallel };
  const given = Object.fromEntries(
    Object.entries({ ...shared, ...own }).filter(([, value]) => value !== undefined),
  );
  return {
    ...given,
    output,
    ...(flags.resume === true ? { resume: true } : { overwrite: true }),
    exif: flags.benchmark === undefined,
    temperature: 0,
    topP: 1,
    maxTokens: flags.maxTokens,
  };
}

const rowSchema = v.looseObject({
  image: v.string(),
  expected: v.optional(v.union([v.string(), v.array(v.string())])),
});

/** The user's own rows; pictures are named from the file's folder where they are not from here. */
async function rowsOfFile(path: string): Promise<readonly ComparedRow[]> {
  const rows: ComparedRow[] = [];
  for await (const { value } of readJsonLines(path, rowSchema)) {
    const { expected, image, ...fields } = value;
    const isAuthors = 'question_id' in fields && !('question' in fields);
    const asked = isAuthors ? { ...fields, question: fields['text'] } : fields;
    // The likelihood of an answer that was chosen is that of the choice.
    const isChosen = ['labels', 'choices', 'yes_no'].some((field) => field in fields);
    const row = { image: pathFrom(path, image), ...asked, ...(isChosen ? {} : { logprobs: true }) };
    rows.push({
      line: `${JSON.stringify(row)}\n`,
      expected: expected === undefined ? undefined : [expected].flat(),
    });
  }
  return rows;
}

function pathFrom(file: string, image: string): string {
  if (isAbsolute(image) || /^[a-z]+:/i.test(image)) return image;
  return resolve(dirname(file), image);
}

async function* linesOf(rows: readonly ComparedRow[]): AsyncGenerator<Uint8Array> {
  for (const { line } of rows) yield await Promise.resolve(Buffer.from(line));
}

const answeredSchema = v.object({
  answer: v.optional(v.string()),
  logprobs: v.optional(v.array(v.object({ logProbability: v.number() }))),
});

/** One answer a row, in their order. */
async function readBack(
  output: string,
  rows: readonly ComparedRow[],
): Promise<readonly (ComparedAnswer | undefined)[]> {
  const lines = (await readFile(output, 'utf8')).trimEnd().split('\n');
  return rows.map(({ expected }, place) => {
    const read = v.safeParse(answeredSchema, JSON.parse(lines[place] ?? '{}'));
    if (!read.success || read.output.answer === undefined) return undefined;
    const { answer: text, logprobs } = read.output;
    return {
      text,
      logLikelihood: logprobs?.reduce((sum, { logProbability }) => sum + logProbability, 0),
      isRight: expected === undefined ? undefined : isExpected(text, expected),
    };
  });
}

async function makeFolder(output: string | undefined): Promise<string> {
  if (output === undefined) return await mkdtemp(join(tmpdir(), 'llava-compare-'));
  try {
    await mkdir(output, { recursive: true });
    return output;
  } catch (cause) {
    throw new ExpectedError('usage', `The folder ${quote(output)} cannot be made: ${fileProblem(cause)}.`, {
      hint: 'Name another one with -o',
      cause,
    });
  }
}
