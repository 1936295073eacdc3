import { join } from 'node:path';
import * as v from 'valibot';
import { ExpectedError } from '../../llava/expected-error.js';
import { quote } from '../../llava/quote.js';
import type { Benchmark, BenchmarkFile } from '../benchmark.js';
import { shareFigure, type EvalResult, type Figure } from '../eval-result.js';
import { needFile, pictureFolder } from '../files/find-file.js';
import { matchAnswers } from '../scoring/match-answers.js';
import { f1Interval, intervalOfMean, meanOf } from '../metrics/interval.js';
import { countYesNo, parseYesOrNo, scoreYesNo, type YesNoCounts } from '../metrics/yes-no.js';
import { SHORT_ANSWER, withEnding } from '../question-endings.js';
import type { AnswerFile } from '../files/read-answers.js';
import { readJsonLines } from '../files/read-json.js';

/** In the order of the authors' question file, with what they add to the ids so that each is there once. */
const CATEGORIES = { adversarial: 0, random: 10_000_000, popular: 20_000_000 } as const;
type Category = keyof typeof CATEGORIES;
const CATEGORY_NAMES = Object.keys(CATEGORIES) as Category[];

/** Of the random file in later revisions; that of the paper has 2,910. */
const LATER_RANDOM_QUESTIONS = 3000;

const REVISION = 'e3e39262c85a6a83f26cf5094022a782cb0df58d';
const FROM = `https://github.com/AoiDragon/POPE/tree/${REVISION}/output/coco`;
const LABELS: Readonly<Record<Category, BenchmarkFile>> = {
  adversarial: labelFile('adversarial'),
  random: labelFile('random'),
  popular: labelFile('popular'),
};
const PICTURES: BenchmarkFile = {
  names: ['val2014'],
  holds: 'pictures',
  from: 'http://images.cocodataset.org/zips/val2014.zip',
  needed: 'to ask',
};

function labelFile(category: Category): BenchmarkFile {
  const name = `coco_pope_${category}.json`;
  return {
    names: [`coco/${name}`, name],
    holds: 'questions with answers',
    from: FROM,
    needed: 'to ask and score',
  };
}

const labelSchema = v.object({
  question_id: v.number(),
  image: v.string(),
  text: v.string(),
  label: v.picklist(['yes', 'no']),
});

interface Item {
  readonly id: number;
  readonly category: Category;
  readonly image: string;
  readonly text: string;
  readonly label: 'yes' | 'no';
}

/** POPE on COCO: whether an object is in the picture. */
export const pope: Benchmark = {
  name: 'pope',
  title: 'POPE',
  measure: 'mean F1 of the three ways of choosing absent objects, %',
  scoredBy: 'llava',
  files: [...Object.values(LABELS), PICTURES],
  licence: 'MIT (questions); COCO terms (pictures)',
  decoding: { temperature: 0, maxTokens: 128 },
  published: {
    'mean F1': { '7B': 85.9, '13B': 85.9, '7B LoRA': 86.4, '13B LoRA': 86.7 },
    'random F1': { '7B': 87.3, '13B': 87.1, '13B-HD': 87.5 },
    'popular F1': { '7B': 86.1, '13B': 86.2, '13B-HD': 86.4 },
    'adversarial F1': { '7B': 84.2, '13B': 84.5, '13B-HD': 85.0 },
  },
  publishedIn: 'LLaVA-1.5 paper, Table 4; LLaVA docs/MODEL_ZOO.md',
  remarks: [
    `The random file is that of commit ${REVISION.slice(0, 8)} with 2,910 questions; later ones have 3,000 others.`,
  ],
  async *rows(folder) {
    const pictures = await pictureFolder(folder, PICTURES);
    for (const { id, category, image, text } of await readItems(folder)) {
      const prompt = withEnding(text, SHORT_ANSWER);
      yield { questionId: id, image, picture: join(pictures, image), text: prompt, prompt, category };
    }
  },
  async score(folder, answers) {
    return scoreItems(await readItems(folder), answers);
  },
};

async function readItems(folder: string): Promise<readonly Item[]> {
  const items: Item[] = [];
  for (const category of CATEGORY_NAMES) {
    const path = await needFile(folder, LABELS[category]);
    const first = items.length;
    for await (const { value, number } of readJsonLines(path, labelSchema)) {
      if (value.question_id !== items.length - first + 1)
        throw new ExpectedError(
          'input',
          `${quote(path)}:${number} is question ${value.question_id} where ${items.length - first + 1} is due.`,
          { hint: `Get it whole from ${FROM}` },
        );
      const { question_id: id, image, text, label } = value;
      items.push({ id: id + CATEGORIES[category], category, image, text, label });
    }
  }
  return items;
}

/** Source: `llava/eval/eval_pope.py`; it pairs by position, here the ids and the questions must agree as well. */
function scoreItems(all: readonly Item[], file: AnswerFile): EvalResult {
  checkRevision(all, file);
  const { byId, isAsked, notes } = matchAnswers(
    file,
    all.map(({ id }) => String(id)),
    'refused',
  );
  const items = all.filter(({ id }) => isAsked(String(id)));
  const categories = (['random', 'popular', 'adversarial'] as const).map((category) => {
    const counts = countYesNo(
      items
        .filter((item) => item.category === category)
        .map(({ id, label }) => [parseYesOrNo(byId.get(String(id))?.text ?? ''), label] as const),
    );
    return { category, counts, f1: f1Figure(category, counts) };
  });
  const scores = categories.map(({ f1 }) => f1);
  return {
    benchmark: 'pope',
    headline: {
      name: 'mean F1',
      value: meanOf(scores.map(({ value }) => value)),
      unit: '%',
      total: items.length,
      interval: intervalOfMean(scores),
    },
    figures: categories.flatMap(({ category, counts, f1 }) => [f1, ...shareFigures(category, counts)]),
    notes: [...notes, ...revisionNote(all)],
  };
}

function f1Figure(category: Category, counts: YesNoCounts) {
  const { truePositive, falsePositive, trueNegative, falseNegative } = counts;
  const [low, high] = f1Interval(truePositive, falsePositive + falseNegative);
  return {
    name: `${category} F1`,
    value: 100 * scoreYesNo(counts).f1,
    unit: '%',
    total: truePositive + falsePositive + trueNegative + falseNegative,
    interval: [100 * low, 100 * high],
  } as const;
}

function shareFigures(category: Category, counts: YesNoCounts): readonly Figure[] {
  const { truePositive, falsePositive, trueNegative, falseNegative } = counts;
  const all = truePositive + falsePositive + trueNegative + falseNegative;
  return [
    shareFigure(`${category} accuracy`, truePositive + trueNegative, all),
    shareFigure(`${category} precision`, truePositive, truePositive + falsePositive),
    shareFigure(`${category} recall`, truePositive, truePositive + falseNegative),
    shareFigure(`${category} yes ratio`, truePositive + falsePositive, all),
  ];
}

/** The file of later revisions is told by its length; nothing in it says so. */
function revisionNote(items: readonly Item[]): readonly string[] {
  const random = items.filter(({ category }) => category === 'random').length;
  if (random !== LATER_RANDOM_QUESTIONS) return [];
  return [
    `The random file has ${random} questions: a later revision than the paper’s, whose figure stands for others.`,
  ];
}

/** Answers that carry their question must have been asked what the label file asks. */
function checkRevision(items: readonly Item[], file: AnswerFile): void {
  const byId = new Map(items.map((item) => [String(item.id), item]));
  for (const { questionId, prompt } of file.answers) {
    const item = byId.get(String(questionId));
    const asked = prompt.split('\n', 1)[0] ?? '';
    if (item === undefined || prompt === '' || asked === item.text) continue;
    throw new ExpectedError(
      'input',
      `Question ${String(questionId)} was ${quote(asked)} when it was answered and is ${quote(item.text)} in the ${item.category} file: another revision.`,
      { hint: `Use the label files of ${FROM}` },
    );
  }
}
