import { join } from 'node:path';
import * as v from 'valibot';
import { letterOf } from '../../llava/response-format.js';
import { SEE_PUBLISHER, type Benchmark, type BenchmarkFile } from '../benchmark.js';
import { shareFigure } from '../eval-result.js';
import { needFile, pictureFolder } from '../files/find-file.js';
import { matchAnswers } from '../scoring/match-answers.js';
import { withOptions } from '../question-endings.js';
import { readJson } from '../files/read-json.js';

const FROM = 'https://github.com/qizekun/SoFar (datasets/6dof_spatialbench)';
const DATA: BenchmarkFile = {
  names: ['spatial_data.json'],
  holds: 'questions with answers',
  from: FROM,
  needed: 'to ask and score',
};
const PICTURES: BenchmarkFile = { names: ['images'], holds: 'pictures', from: FROM, needed: 'to ask' };

const dataSchema = v.array(
  v.object({
    id: v.number(),
    question: v.string(),
    options: v.tuple([v.string(), v.string(), v.string(), v.string()]),
    answer: v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(3)),
    task_type: v.picklist(['position', 'orientation']),
    question_type: v.picklist(['absolute', 'relative']),
  }),
);

const GROUPS = [
  ['position', 'relative'],
  ['position', 'absolute'],
  ['orientation', 'relative'],
  ['orientation', 'absolute'],
] as const;

/** 6-DoF SpatialBench: where things are and which way they face. */
export const spatialbench: Benchmark = {
  name: 'spatialbench',
  title: '6-DoF SpatialBench',
  measure: 'accuracy, %',
  scoredBy: 'llava',
  files: [DATA, PICTURES],
  licence: SEE_PUBLISHER,
  decoding: { temperature: 0, maxTokens: 1024 },
  published: {
    total: { 'LLaVA-1.5': 27.2 },
    'position relative': { 'LLaVA-1.5': 30.9 },
    'position absolute': { 'LLaVA-1.5': 24.5 },
    'orientation relative': { 'LLaVA-1.5': 28.3 },
    'orientation absolute': { 'LLaVA-1.5': 25.8 },
  },
  publishedIn: 'hyper.ai’s listing, which does not say the size of LLaVA-1.5',
  remarks: ['The answer’s first character must be the letter, nothing else is read.'],
  async *rows(folder) {
    const pictures = await pictureFolder(folder, PICTURES);
    for (const { id, question, options, task_type, question_type } of await readItems(folder)) {
      const image = `${id}.png`;
      const text = withOptions(question, options);
      yield {
        questionId: id,
        image,
        picture: join(pictures, image),
        text,
        prompt: text,
        category: `${task_type} ${question_type}`,
      };
    }
  },
  /** Source: `spatialbench/eval_spatialbench.py`. */
  async score(folder, answers) {
    const all = await readItems(folder);
    const { byId, isAsked, notes } = matchAnswers(
      answers,
      all.map(({ id }) => String(id)),
      'wrong',
    );
    const items = all.filter(({ id }) => isAsked(String(id)));
    const right = (some: typeof items) =>
      some.filter(({ id, answer }) => byId.get(String(id))?.text.charAt(0) === letterOf(answer)).length;
    const figure = (name: string, some: typeof items) => shareFigure(name, right(some), some.length);
    return {
      benchmark: 'spatialbench',
      headline: figure('total', items),
      figures: GROUPS.map(([task, type]) =>
        figure(
          `${task} ${type}`,
          items.filter((item) => item.task_type === task && item.question_type === type),
        ),
      ),
      notes,
    };
  },
};

async function readItems(folder: string): Promise<v.InferOutput<typeof dataSchema>> {
  return readJson(await needFile(folder, DATA), dataSchema);
}
