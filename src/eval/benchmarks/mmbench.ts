import * as v from 'valibot';
import { ExpectedError } from '../../llava/expected-error.js';
import { quote } from '../../llava/quote.js';
import { SEE_PUBLISHER, type Benchmark, type BenchmarkFile, type EvalRow } from '../benchmark.js';
import { shareFigure, type EvalResult, type Figure } from '../eval-result.js';
import { needFile } from '../files/find-file.js';
import { groupBy } from '../group-by.js';
import { matchAnswers, note } from '../scoring/match-answers.js';
import { isFirstTurn, questionOf, scoreCircular } from '../metrics/circular-evaluation.js';
import { parseChoiceLetter } from '../metrics/letter.js';
import { LETTER_ANSWER, LETTER_ANSWER_CN, withEnding, withOptions } from '../question-endings.js';
import type { AnswerFile } from '../files/read-answers.js';
import { readTsv, valueOf, type TsvRow } from '../files/read-tsv.js';
import { spreadsheet, type CellValue } from '../files/spreadsheet.js';

const FROM = 'https://download.openmmlab.com/mmclassification/datasets/mmbench';
const LETTERS = ['A', 'B', 'C', 'D'] as const;

/** What the submission leaves out. Source: `scripts/convert_mmbench_for_submission.py`. */
const LEFT_OUT = new Set(['hint', 'category', 'source', 'image', 'comment', 'l2-category']);
/** Where the submission's `prediction` stands, as a position among what is left. */
const PREDICTION_COLUMN = 6;

const indexSchema = v.pipe(v.string(), v.regex(/^\d+$/), v.transform(Number));

/** MMBench, dev split, English and Chinese: every question in every order of its options. */
export const mmbench = benchmarkOf({
  name: 'mmbench',
  title: 'MMBench',
  file: 'mmbench_dev_20230712.tsv',
  ending: LETTER_ANSWER,
  published: { '7B': 64.3, '13B': 67.7, '7B LoRA': 66.1, '13B LoRA': 68.5, '13B-HD': 68.8 },
});
export const mmbenchCn = benchmarkOf({
  name: 'mmbench-cn',
  title: 'MMBench-CN',
  file: 'mmbench_dev_cn_20231003.tsv',
  ending: LETTER_ANSWER_CN,
  published: { '7B': 58.3, '13B': 63.6, '7B LoRA': 58.9, '13B LoRA': 61.5, '13B-HD': 61.9 },
});

interface Edition {
  readonly name: string;
  readonly title: string;
  readonly file: string;
  readonly ending: string;
  readonly published: NonNullable<Benchmark['published'][string]>;
}

function benchmarkOf({ name, title, file, ending, published }: Edition): Benchmark {
  const table: BenchmarkFile = {
    names: [file],
    holds: 'questions, answers and pictures in one table',
    from: `${FROM}/${file}`,
    needed: 'to ask and score',
  };
  return {
    name,
    title,
    measure: 'circular accuracy, %',
    scoredBy: 'llava',
    files: [table],
    licence: SEE_PUBLISHER,
    decoding: { temperature: 0, maxTokens: 1024 },
    published: { circular: published },
    publishedIn: 'LLaVA-1.5 paper, Table 4; LLaVA docs/MODEL_ZOO.md',
    remarks: [
      'The table has each question in every order of its options; it is right when all of them are.',
      'An answer that is not plainly a letter is wrong here; the official server asks ChatGPT what it means.',
    ],
    async *rows(folder) {
      for await (const row of readTsv(await needFile(folder, table))) yield rowOf(row, ending);
    },
    unitOf: ({ questionId }) => String(questionOf(Number(questionId))),
    async score(folder, answers) {
      return scoreTable(name, await needFile(folder, table), answers);
    },
    async write(folder, answers) {
      const content = await submission(await needFile(folder, table), answers);
      return [
        { name: `${name}-submission.xlsx`, content, purpose: 'upload to https://mmbench.opencompass.org.cn' },
      ];
    },
  };
}

/** Source: `llava/eval/model_vqa_mmbench.py`; its answer files leave the ending out of "prompt". */
function rowOf(row: TsvRow, ending: string): EvalRow {
  const index = indexOf(row);
  const options = optionsOf(row);
  const hint = textOf(row, 'hint');
  const question = cellOf(row, 'question');
  const prompt = withOptions(hint === undefined ? question : `${hint}\n${question}`, options);
  return {
    questionId: index,
    image: undefined,
    picture: `data:image/jpeg;base64,${cellOf(row, 'image')}`,
    text: withEnding(prompt, ending),
    prompt,
    category: valueOf(row, 'category') ?? 'default',
    extra: { round_id: 0, options, option_char: LETTERS.slice(0, options.length) },
  };
}

/** Options up to the first that is none. */
function optionsOf(row: TsvRow): readonly string[] {
  const options: string[] = [];
  for (const letter of LETTERS) {
    const option = textOf(row, letter);
    if (option === undefined) break;
    options.push(option);
  }
  return options;
}

/** A cell, or undefined where it is empty, or "nan" or "none" in any letters. Source: `is_none` of the same script. */
function textOf(row: TsvRow, column: string): string | undefined {
  const value = valueOf(row, column);
  return value === undefined || ['nan', 'none'].includes(value.toLowerCase()) ? undefined : value;
}

async function scoreTable(benchmark: string, path: string, file: AnswerFile): Promise<EvalResult> {
  const rows: { index: number; label: string; category: string }[] = [];
  for await (const row of readTsv(path))
    rows.push({
      index: indexOf(row),
      label: labelOf(path, row),
      category: valueOf(row, 'category') ?? 'default',
    });
  const { byId, isAsked, notes } = matchAnswers(
    file,
    rows.map(({ index }) => String(index)),
    'wrong',
  );
  let unclear = 0;
  const asked = rows.filter(({ index }) => isAsked(String(index)));
  const judged = asked.map(({ index, label, category }) => {
    const answer = byId.get(String(index));
    const letter = parseChoiceLetter(answer?.text ?? '');
    if (answer !== undefined && letter === undefined) unclear++;
    return { index, category, right: letter === label };
  });
  const circular = (name: string, some: readonly (typeof judged)[number][]): Figure => {
    const { right, questions } = scoreCircular(some);
    return shareFigure(name, right, questions);
  };
  const share = (name: string, some: readonly (typeof judged)[number][]) =>
    shareFigure(name, some.filter(({ right }) => right).length, some.length);
  return {
    benchmark,
    headline: circular('circular', judged),
    figures: [
      share(
        'first order only',
        judged.filter(({ index }) => isFirstTurn(index)),
      ),
      share('every row', judged),
      ...groupBy(judged, ({ category }) => category)
        .toSorted(([a], [b]) => (a < b ? -1 : 1))
        .map(([category, some]) => circular(category, some)),
    ],
    notes: [...notes, ...note(unclear, 'answer', 'without a clear letter, counted as wrong')],
  };
}

async function submission(path: string, file: AnswerFile): Promise<Uint8Array> {
  const rows: CellValue[][] = [];
  let header: string[] | undefined;
  const answers = new Map(file.answers.map(({ questionId, text }) => [String(questionId), text]));
  for await (const row of readTsv(path)) {
    header ??= [...row.keys()].filter((column) => !LEFT_OUT.has(column));
    const cells: CellValue[] = header.map((column) =>
      column === 'index' ? indexOf(row) : valueOf(row, column),
    );
    rows.push(cells.toSpliced(PREDICTION_COLUMN, 0, answers.get(String(indexOf(row)))));
  }
  return spreadsheet([(header ?? []).toSpliced(PREDICTION_COLUMN, 0, 'prediction'), ...rows]);
}

function indexOf(row: TsvRow): number {
  const parsed = v.safeParse(indexSchema, row.get('index'));
  if (parsed.success) return parsed.output;
  throw new ExpectedError('input', `The table has a row with index ${quote(row.get('index') ?? '')}.`, {
    hint: `Get it whole from ${FROM}`,
  });
}

function labelOf(path: string, row: TsvRow): string {
  const label = valueOf(row, 'answer');
  if (label !== undefined) return label;
  throw new ExpectedError('input', `${quote(path)} has no answer for question ${indexOf(row)}.`, {
    hint: 'The test split has no labels: write the submission instead',
  });
}

function cellOf(row: TsvRow, column: string): string {
  const value = row.get(column);
  if (value !== undefined) return value;
  throw new ExpectedError('input', `The table has no column ${quote(column)}.`, {
    hint: `Get it whole from ${FROM}`,
  });
}
