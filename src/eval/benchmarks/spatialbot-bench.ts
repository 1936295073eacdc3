import { join } from 'node:path';
import * as v from 'valibot';
import { SEE_PUBLISHER, type Benchmark, type BenchmarkFile } from '../benchmark.js';
import { meanFigure, shareFigure, type Figure } from '../eval-result.js';
import { findFile, needOneOf } from '../files/find-file.js';
import { matchAnswers, note } from '../scoring/match-answers.js';
import { readJson } from '../files/read-json.js';

const FROM = 'https://huggingface.co/datasets/RussRobin/SpatialBench';

/** How each task is scored. */
const TASKS = {
  positional: 'single',
  existence: 'both of a pair',
  reach: 'pairs',
  size: 'pairs',
  counting: 'count',
} as const;
type Task = keyof typeof TASKS;
const TASK_NAMES = Object.keys(TASKS) as Task[];

const itemsSchema = v.array(
  v.object({
    image: v.union([v.string(), v.pipe(v.array(v.string()), v.minLength(1))]),
    question: v.string(),
    answer: v.pipe(v.union([v.string(), v.number()]), v.transform(String)),
  }),
);

interface Item {
  readonly id: string;
  readonly image: string;
  readonly question: string;
  readonly answer: string;
}

/** SpatialBot's SpatialBench, without the depth pictures, which LLaVA-1.5 cannot use. */
export const spatialbotBench: Benchmark = {
  name: 'spatialbench-spatialbot',
  title: 'SpatialBench of SpatialBot',
  measure: 'accuracy of positional questions, %; the other tasks below',
  scoredBy: 'llava',
  files: [
    ...TASK_NAMES.map(fileOf),
    { names: ['.'], holds: 'pictures, where "image" says', from: FROM, needed: 'to ask' },
  ],
  licence: SEE_PUBLISHER,
  decoding: { temperature: 0, maxTokens: 128 },
  published: {},
  publishedIn: 'figures of LLaVA-1.5 are not known here',
  remarks: [
    'An answer is right when it contains the true one, letter for letter.',
    'Questions of reach, size and existence come in pairs, one after the other.',
    'Without depth pictures: LLaVA-1.5 takes one picture.',
  ],
  async *rows(folder) {
    await needOneOf(folder, TASK_NAMES.map(fileOf));
    for (const task of TASK_NAMES)
      for (const { id, image, question } of await readTask(folder, task))
        yield {
          questionId: id,
          image,
          picture: join(folder, image),
          text: question,
          prompt: question,
          category: task,
        };
  },
  unitOf({ questionId, category }) {
    const index = Number(String(questionId).split('/')[1]);
    return isPaired(category) ? `${category}/${index >> 1}` : String(questionId);
  },
  /** Source: `bunny/eval/eval_spatialbench.py` of BAAI-DCAI/SpatialBot. */
  async score(folder, file) {
    await needOneOf(folder, TASK_NAMES.map(fileOf));
    const tasks = await Promise.all(
      TASK_NAMES.map(async (task) => ({ task, items: await readTask(folder, task) })),
    );
    const { byId, isAsked, notes } = matchAnswers(
      file,
      tasks.flatMap(({ items }) => items.map(({ id }) => id)),
      'refused',
    );
    const said = ({ id }: Item) => byId.get(id)?.text ?? '';
    const figures: Figure[] = [];
    let noNumber = 0;
    for (const { task, items } of tasks) {
      const asked = items.filter(({ id }) => isAsked(id));
      if (asked.length === 0) continue;
      const right = asked.map((item) => said(item).includes(item.answer));
      if (TASKS[task] === 'count') {
        noNumber += asked.filter((item) => wholeNumber(said(item)) === undefined).length;
        figures.push(
          meanFigure(
            task,
            asked.map((item) => countScore(said(item), item.answer)),
          ),
        );
      } else figures.push(figureOf(task, right));
    }
    const [headline, ...others] = figures;
    if (headline === undefined) throw new Error('matched answers without a question');
    return {
      benchmark: 'spatialbench-spatialbot',
      headline,
      figures: others,
      notes: [
        ...notes,
        ...note(
          noNumber,
          'answer',
          'without a whole number to a counting question, scored as 0; the official script stops there',
        ),
      ],
    };
  },
};

function figureOf(task: Task, right: readonly boolean[]): Figure {
  const pairs = right.flatMap((first, index) =>
    index % 2 === 0 ? [[first, right[index + 1] ?? false] as const] : [],
  );
  switch (TASKS[task]) {
    case 'both of a pair':
      return shareFigure(task, pairs.filter(([first, second]) => first && second).length, pairs.length);
    case 'pairs':
      return meanFigure(
        task,
        pairs.map(([first, second]) => (Number(first) + Number(second) + Number(first && second)) / 3),
      );
    case 'single':
    case 'count':
      return shareFigure(task, right.filter(Boolean).length, right.length);
  }
}

/** 1 less the relative error; below 0 when the count is more than twice the true one. */
function countScore(said: string, truth: string): number {
  const count = wholeNumber(said);
  return count === undefined ? 0 : 1 - Math.abs(count - Number(truth)) / Number(truth);
}

/** What Python's `int()` reads. */
function wholeNumber(text: string): number | undefined {
  return /^[+-]?\d+$/.test(text.trim()) ? Number(text) : undefined;
}

function isPaired(task: string): boolean {
  return task === 'reach' || task === 'size' || task === 'existence';
}

async function readTask(folder: string, task: Task): Promise<readonly Item[]> {
  const path = await findFile(folder, fileOf(task));
  if (path === undefined) return [];
  return (await readJson(path, itemsSchema)).map(({ image, question, answer }, index) => ({
    id: `${task}/${index}`,
    image: typeof image === 'string' ? image : (image[0] ?? ''),
    question,
    answer,
  }));
}

function fileOf(task: Task): BenchmarkFile {
  return {
    names: [`${task}.json`],
    holds: `questions with answers: ${task}`,
    from: FROM,
    needed: 'to ask and score',
  };
}
