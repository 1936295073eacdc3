import { basename, join } from 'node:path';
import * as v from 'valibot';
import { ExpectedError } from '../../llava/expected-error.js';
import { quote } from '../../llava/quote.js';
import { SEE_PUBLISHER, type Benchmark, type BenchmarkFile, type EvalRow } from '../benchmark.js';
import { meanFigure } from '../eval-result.js';
import { findFile, needOneOf } from '../files/find-file.js';
import { matchAnswers } from '../scoring/match-answers.js';
import { meanOf } from '../metrics/interval.js';
import { readJson, readJsonLines } from '../files/read-json.js';

const FROM = 'https://github.com/AIFEG/BenchLMM';

/** Each file of questions and its folder of pictures. Source: `scripts/LLaVA.sh`. */
const SPLITS = {
  AD: 'AD',
  CT: 'Med',
  MRI: 'Med',
  'Med-X-RAY': 'Med',
  RS: 'RS',
  Robots: 'Robots',
  defect_detection: 'defect_detection',
  game: 'open_game',
  infrard: 'infrard',
  style_cartoon: 'style',
  style_handmake: 'style',
  style_painting: 'style',
  style_sketch: 'style',
  style_tattoo: 'style',
  xray: 'Xray',
} as const;
type Split = keyof typeof SPLITS;
const SPLIT_NAMES = Object.keys(SPLITS) as Split[];

/** Their judge picks the action that an answer means and reads another format. */
const ACTION_SPLITS: ReadonlySet<Split> = new Set(['Robots', 'game']);

const PICTURES: BenchmarkFile = {
  names: ['images', 'BenchLMM/images'],
  holds: 'pictures',
  from: 'https://huggingface.co/datasets/AIFEG/BenchLMM',
  needed: 'to ask',
};

const questionSchema = v.object({
  question_id: v.union([v.string(), v.number()]),
  image: v.string(),
  text: v.string(),
});
const scoreSchema = v.object({ model_response: v.number() });
const actionSchema = v.array(v.looseObject({ action_score: v.optional(v.number()) }));

/** BenchLMM: 15 kinds of unusual pictures; scored by a judge, one file a kind. */
export const benchlmm: Benchmark = {
  name: 'benchlmm',
  title: 'BenchLMM',
  measure: 'mean of the kinds’ scores, %',
  scoredBy: 'judge',
  files: [...SPLIT_NAMES.map(fileOf), PICTURES],
  licence: SEE_PUBLISHER,
  decoding: { temperature: 0.2, maxTokens: 1024 },
  published: {},
  alsoPublished: [{ figure: 'mean', model: '13B', value: 55.53, detail: 'judged by GPT-3.5' }],
  publishedIn:
    'a listing of papers’ results; the BenchLMM paper has figures by field, made with another judge setting',
  remarks: [
    'Its LLaVA baseline samples at temperature 0.2 and does not pad pictures; use --temperature 0 for a repeatable run.',
    'Its judge sees "None" for the question, a slip of its script.',
    'Ids are those of the files, with the kind in front: "AD/0".',
  ],
  async *rows(folder) {
    await needOneOf(folder, SPLIT_NAMES.map(fileOf));
    const pictures = (await findFile(folder, PICTURES)) ?? join(folder, 'images');
    for (const split of SPLIT_NAMES)
      for await (const { row } of readSplit(folder, split, pictures)) yield row;
  },
  /** Source: `BenchGPT_LLaVA_model_vqa.py` and `gpt_evaluation_script_Robots_Games.py`: what the judges' scripts read. */
  async write(folder, file) {
    const asked: Asked[] = [];
    for (const split of SPLIT_NAMES) for await (const one of readSplit(folder, split, '')) asked.push(one);
    const { byId } = matchAnswers(
      file,
      asked.map(({ row }) => String(row.questionId)),
      'left out',
    );
    return SPLIT_NAMES.flatMap((split) => {
      const lines = asked.flatMap(({ id, row }) => {
        const answer = byId.get(String(row.questionId));
        return row.category !== split || answer === undefined
          ? []
          : [{ id, prompt: row.prompt, output: answer.text }];
      });
      if (lines.length === 0) return [];
      const action = ACTION_SPLITS.has(split);
      const content = action
        ? JSON.stringify(lines.map(({ id, output }) => ({ index: id, model_output: output })))
        : lines
            .map(({ id, prompt, output }) =>
              JSON.stringify({ question_id: id, prompt, model_output: output }),
            )
            .map((line) => `${line}\n`)
            .join('');
      return [
        {
          name: `answers_Benchmark_${split}.${action ? 'json' : 'jsonl'}`,
          content,
          purpose: 'input of BenchLMM’s evaluate scripts',
        },
      ];
    });
  },
  /** Source: `evaluate/avg_score.py`; files are told apart by the kind in their names. */
  async summarise(_folder, reviews) {
    const figures = await Promise.all(
      reviews.map(async (path) => meanFigure(splitOf(path), await readScores(path))),
    );
    const value = meanOf(figures.map((figure) => figure.value));
    return {
      benchmark: 'benchlmm',
      headline: { name: 'mean', value, unit: '%', total: figures.length },
      figures,
      notes: [`The mean is over the ${figures.length} files that were given.`],
    };
  },
};

function fileOf(split: Split): BenchmarkFile {
  const names = [`jsonl/Benchmark_${split}.jsonl`, `jsonl/Benchmark_LLaVA_${split}.jsonl`];
  return {
    names: [...names, ...names.map((name) => basename(name))],
    holds: `questions with answers: ${split}`,
    from: FROM,
    needed: 'to ask and score',
  };
}

/** A row, and its id in its file. */
interface Asked {
  readonly id: string | number;
  readonly row: EvalRow;
}

async function* readSplit(folder: string, split: Split, pictures: string): AsyncGenerator<Asked> {
  const path = await findFile(folder, fileOf(split));
  if (path === undefined) return;
  for await (const { value } of readJsonLines(path, questionSchema)) {
    const { question_id: id, image, text } = value;
    const questionId = `${split}/${id}`;
    const picture = join(pictures, SPLITS[split], image);
    yield { id, row: { questionId, image, picture, text, prompt: text, category: split } };
  }
}

function splitOf(path: string): string {
  const name = basename(path);
  return SPLIT_NAMES.toSorted((a, b) => b.length - a.length).find((split) => name.includes(split)) ?? name;
}

async function readScores(path: string): Promise<readonly number[]> {
  if (ACTION_SPLITS.has(splitOf(path) as Split))
    return (await readJson(path, actionSchema)).flatMap(({ action_score: score }) => score ?? []);
  const scores: number[] = [];
  for await (const { value } of readJsonLines(path, scoreSchema)) scores.push(value.model_response);
  if (scores.length === 0)
    throw new ExpectedError('input', `${quote(path)} has no scores.`, {
      hint: 'Give the files that BenchLMM’s evaluate scripts wrote',
    });
  return scores;
}
