import type { Benchmark, EvalRow } from '../../eval/benchmark.js';
import { isSame, type ComparedAnswer, type ComparedQuestion } from '../../eval/compare/compare-answers.js';
import type { Answer } from '../../eval/files/read-answers.js';
import { sampleRows } from '../../eval/sample-rows.js';
import { ExpectedError } from '../../llava/expected-error.js';
import { startProgress } from '../../terminal/progress.js';
import type { CommandContext } from '../command-context.js';

/** A question for both sides, as a row of a batch. */
export interface ComparedRow {
  readonly line: string;
  /** What is right, where it is known. */
  readonly expected: readonly string[] | undefined;
}

/** A question of a benchmark. */
interface BenchmarkRow extends ComparedRow {
  readonly row: EvalRow;
}

/**
 * A benchmark's questions, or a sample of them.
 * @throws ExpectedError('usage') where answers are not scored here, or a question has several pictures
 */
export async function rowsOfBenchmark(
  benchmark: Benchmark,
  folder: string,
  limit: number | undefined,
): Promise<readonly BenchmarkRow[]> {
  if (benchmark.score === undefined)
    throw new ExpectedError('usage', `${benchmark.title} is not scored here, so it cannot compare.`, {
      hint: 'llava eval list shows which are: SCORED BY llava',
    });
  const rows: BenchmarkRow[] = [];
  const asked = limit === undefined ? benchmark.rows(folder) : sampleRows(benchmark, folder, limit);
  for await (const row of asked) {
    const { questionId, picture, text } = row;
    if (picture === undefined) continue;
    const line = { id: questionId, image: picture, question: text, logprobs: true };
    rows.push({ line: `${JSON.stringify(line)}\n`, expected: undefined, row });
  }
  return rows;
}

/**
 * Adds whether answers are right. What the benchmark scores together is judged as one: it is right when all of it is. Where both
 * gave the same answers, they are judged once, together.
 */
export async function withRightness(
  benchmark: Benchmark,
  folder: string,
  rows: readonly ComparedRow[],
  questions: readonly ComparedQuestion[],
  { io, signal }: CommandContext,
): Promise<readonly ComparedQuestion[]> {
  const units = unitsOf(benchmark, rows as readonly BenchmarkRow[], questions);
  using progress = startProgress(io);
  const judged: ComparedQuestion[] = [];
  for (const [place, unit] of units.entries()) {
    signal.throwIfAborted();
    progress.say(`scoring ${place + 1} of ${units.length} questions`);
    const judge = (side: 'first' | 'second') => judgeUnit(benchmark, folder, unit, side);
    const first = await judge('first');
    const isAlike = unit.every((one) => isSame(one.first?.text ?? '', one.second?.text ?? ''));
    const second = isAlike ? first : await judge('second');
    for (const one of unit)
      judged.push({
        first: judgedAs(one.first, one === unit[0] ? first : undefined),
        second: judgedAs(one.second, one === unit[0] ? second : undefined),
      });
  }
  return judged;
}

function judgedAs(answer: ComparedAnswer | undefined, isRight: boolean | undefined) {
  return answer === undefined ? undefined : { ...answer, isRight };
}

type Unit = readonly (ComparedQuestion & { readonly row: EvalRow })[];

function unitsOf(
  benchmark: Benchmark,
  rows: readonly BenchmarkRow[],
  questions: readonly ComparedQuestion[],
): readonly Unit[] {
  const units = new Map<string, (ComparedQuestion & { row: EvalRow })[]>();
  for (const [place, { row }] of rows.entries()) {
    const name = benchmark.unitOf?.(row) ?? String(row.questionId);
    const unit = units.get(name) ?? [];
    units.set(name, [...unit, { ...(questions[place] ?? { first: undefined, second: undefined }), row }]);
  }
  return [...units.values()];
}

/** Undefined where the benchmark has no right and wrong for it. */
async function judgeUnit(
  benchmark: Benchmark,
  folder: string,
  unit: Unit,
  side: 'first' | 'second',
): Promise<boolean | undefined> {
  const answers = unit.flatMap(({ row, [side]: said }): readonly Answer[] => answerOf(row, said));
  if (answers.length < unit.length) return undefined;
  const file = { path: benchmark.name, answers, failed: 0, sample: true };
  const { headline, figures } = (await benchmark.score?.(folder, file)) ?? {
    headline: undefined,
    figures: [],
  };
  const counted = [headline, ...figures].find((figure) => figure?.right !== undefined && figure.total > 0);
  return counted?.right === undefined ? undefined : counted.right === counted.total;
}

function answerOf({ questionId, prompt }: EvalRow, said: ComparedAnswer | undefined): readonly Answer[] {
  return said === undefined ? [] : [{ questionId, prompt, text: said.text.trim(), answerId: undefined }];
}
