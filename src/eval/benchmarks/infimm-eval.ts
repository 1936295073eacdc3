import { join } from 'node:path';
import * as v from 'valibot';
import { ExpectedError } from '../../llava/expected-error.js';
import { quote } from '../../llava/quote.js';
import type { Benchmark, BenchmarkFile } from '../benchmark.js';
import type { Figure } from '../eval-result.js';
import { needFile, pictureFolder } from '../files/find-file.js';
import { readJson, readJsonEntries } from '../files/read-json.js';
import { bootstrapInterval } from '../metrics/interval.js';
import { matchAnswers } from '../scoring/match-answers.js';

const FROM = 'https://huggingface.co/datasets/Infi-MM/InfiMM-Eval';
const DATA: BenchmarkFile = {
  names: ['core-mm-wo-answer.json'],
  holds: 'questions; their answers are not published',
  from: FROM,
  needed: 'to ask and score',
};
const PICTURES: BenchmarkFile = { names: ['images'], holds: 'pictures', from: FROM, needed: 'to ask' };

const itemSchema = v.object({
  'Image path': v.pipe(v.array(v.string()), v.minLength(1)),
  Question: v.string(),
  Category: v.string(),
  Complexity: v.pipe(v.string(), v.toLowerCase(), v.picklist(['moderate', 'high'])),
});
const gradesSchema = v.record(v.string(), v.pipe(v.number(), v.minValue(0), v.maxValue(1)));

type Item = v.InferOutput<typeof itemSchema>;

/** InfiMM-Eval, first called CORE-MM: open questions that take several steps. */
export const infimmEval: Benchmark = {
  name: 'infimm-eval',
  title: 'InfiMM-Eval (CORE-MM)',
  measure: 'score with high complexity counted twice, %',
  scoredBy: 'judge',
  files: [DATA, PICTURES],
  licence: 'CC BY-NC 4.0',
  decoding: { temperature: 0, maxTokens: 1024 },
  published: {
    overall: { '13B': 32.62 },
    Deductive: { '13B': 30.94 },
    Abductive: { '13B': 47.91 },
    Analogical: { '13B': 24.31 },
    moderate: { '13B': 47.4 },
    high: { '13B': 21.0 },
  },
  publishedIn: 'the leaderboard of https://infimm.github.io/InfiMM-Eval',
  remarks: [
    'Its authors grade: they want the answers by mail. What they or another judge give comes back by --reviews.',
    'Some questions are about several pictures: they are put on one sheet, as MM-Vet v2 does.',
  ],
  async *rows(folder) {
    const folderOfPictures = await pictureFolder(folder, PICTURES);
    for (const [questionId, item] of await readItems(folder)) {
      const images = item['Image path'];
      const pictures = images.map((name) => join(folderOfPictures, name));
      const [image, picture] = [images[0], pictures[0]];
      const shared = { questionId, image, picture, text: item.Question, prompt: item.Question };
      yield { ...shared, category: item.Category, ...(pictures.length > 1 ? { pictures } : {}) };
    }
  },
  /** Source: README of InfiMM/InfiMM-Eval-Tool. */
  async write(folder, file) {
    const ids = (await readItems(folder)).map(([id]) => id);
    const { byId, isAsked } = matchAnswers(file, ids, 'refused');
    const answers = Object.fromEntries(ids.filter(isAsked).map((id) => [id, byId.get(id)?.text ?? '']));
    return [
      {
        name: 'infimm-eval-answers.json',
        content: JSON.stringify(answers, undefined, 2),
        purpose: 'name it MODEL_SIZE.json and send it to infimmbytedance@gmail.com',
      },
    ];
  },
  /** One file of `{id: grade}`, from 0 to 1; several files are several runs, and their mean counts. */
  async summarise(folder, reviews, sample = false) {
    const runs = await Promise.all(
      reviews.map(async (path) => ({
        path,
        grades: new Map(Object.entries(await readJson(path, gradesSchema))),
      })),
    );
    const graded = (await readItems(folder)).flatMap(
      ([id, { Category: category, Complexity: complexity }]) => {
        const grades = runs.map(
          ({ path, grades }) => grades.get(id) ?? (sample ? undefined : noGrade(path, id)),
        );
        const known = grades.filter((grade) => grade !== undefined);
        if (known.length === 0) return [];
        return [{ category, complexity, score: known.reduce((sum, grade) => sum + grade, 0) / known.length }];
      },
    );
    const figure = (name: string, some: typeof graded): Figure => ({
      name,
      value: complexityWeighted(some),
      unit: '%',
      total: some.length,
      interval: bootstrapInterval(some.length, (positions) =>
        complexityWeighted([...positions].flatMap((position) => some[position] ?? [])),
      ),
    });
    const categories = [...new Set(graded.map(({ category }) => category))];
    return {
      benchmark: 'infimm-eval',
      headline: figure('overall', graded),
      figures: [
        ...categories.map((name) =>
          figure(
            name,
            graded.filter(({ category }) => category === name),
          ),
        ),
        ...(['moderate', 'high'] as const).map((name) =>
          figure(
            name,
            graded.filter(({ complexity }) => complexity === name),
          ),
        ),
      ],
      notes: [],
    };
  },
};

async function readItems(folder: string): Promise<[string, Item][]> {
  return readJsonEntries(await needFile(folder, DATA), itemSchema);
}

function noGrade(path: string, id: string): never {
  throw new ExpectedError('input', `${quote(path)} has no grade for question ${quote(id)}.`, {
    hint: 'Let the judge grade every question first, or say --sample',
  });
}

/** A judge's score (0 to 1) of an answer with its reasoning. */
export interface ReasoningScore {
  readonly complexity: 'moderate' | 'high';
  readonly score: number;
}

/**
 * The figure of CORE-MM (InfiMM-Eval) in per cent: questions of high complexity count twice.
 * Source: arXiv 2311.11567, section 4.
 */
export function complexityWeighted(scores: readonly ReasoningScore[]): number {
  const weight = ({ complexity }: ReasoningScore) => (complexity === 'high' ? 2 : 1);
  const all = scores.reduce((sum, one) => sum + weight(one), 0);
  const reached = scores.reduce((sum, one) => sum + weight(one) * one.score, 0);
  return all === 0 ? 0 : (100 * reached) / all;
}
