import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { ExpectedError } from '../../llava/expected-error.js';
import { quote } from '../../llava/quote.js';
import { authorsFile, readAuthorsQuestions } from '../files/authors-questions.js';
import { SEE_PUBLISHER, type Benchmark, type BenchmarkFile } from '../benchmark.js';
import { bootstrapFigure, type EvalResult, type Figure } from '../eval-result.js';
import { findFile, needFile } from '../files/find-file.js';
import { groupBy } from '../group-by.js';
import { failedNote, note } from '../scoring/match-answers.js';
import { MME_TASKS, parseMmeAnswer, scoreMmeTask } from '../metrics/mme-score.js';
import { SHORT_ANSWER, withEnding } from '../question-endings.js';
import { strip } from '../files/python.js';
import type { AnswerFile } from '../files/read-answers.js';
import { readTextLines } from '../files/read-text.js';

const FROM = 'https://github.com/BradyFU/Awesome-Multimodal-Large-Language-Models/tree/Evaluation';
const DATA: BenchmarkFile = {
  names: [
    'MME_Benchmark_release_version/MME_Benchmark',
    'MME_Benchmark_release_version',
    'MME_Benchmark',
    '.',
  ],
  holds: 'pictures and questions with answers, a folder a task',
  from: FROM,
  needed: 'to ask and score',
};
const AUTHORS = authorsFile('llava_mme.jsonl');

const TASKS: readonly string[] = [...MME_TASKS.perception, ...MME_TASKS.cognition];
const OFFICIAL_ENDING = 'Please answer yes or no.';
const PICTURE = /\.(?:jpe?g|png)$/i;

interface Item {
  readonly task: string;
  /** `<picture>.txt` */
  readonly file: string;
  /** As the authors name it: a path inside the benchmark's folder. */
  readonly image: string;
  /** With its official ending. */
  readonly question: string;
  readonly label: 'yes' | 'no';
}

/** MME: ten tasks of perception (the paper's figure) and four of cognition. */
export const mme: Benchmark = {
  name: 'mme',
  title: 'MME',
  measure: 'perception, points of 2,000',
  scoredBy: 'llava',
  files: [DATA, AUTHORS],
  licence: SEE_PUBLISHER,
  decoding: { temperature: 0, maxTokens: 128 },
  published: {
    perception: { '7B': 1510.7, '13B': 1531.3, '7B LoRA': 1476.9, '13B LoRA': 1541.7, '13B-HD': 1500.1 },
  },
  publishedIn: 'LLaVA-1.5 paper, Table 4; LLaVA docs/MODEL_ZOO.md',
  remarks: [
    'The official ending "Please answer yes or no." is taken off and the paper’s put in its place.',
    'Two questions share a picture and its id; retraining moves the figure by about 20 points.',
  ],
  async *rows(folder) {
    const data = await needFile(folder, DATA);
    const authors = await findFile(folder, AUTHORS);
    if (authors !== undefined) {
      yield* readAuthorsQuestions(authors, data);
      return;
    }
    for (const { image, question, task } of await readItems(data)) {
      const bare = strip(question.replace(OFFICIAL_ENDING, ''));
      const prompt = withEnding(bare, SHORT_ANSWER);
      yield { questionId: image, image, picture: join(data, image), text: prompt, prompt, category: task };
    }
  },
  async score(folder, answers) {
    return scoreAnswers(await pairAnswers(folder, answers), answers);
  },
  /** Source: `convert_answer_to_mme.py`, which lies in the authors' evaluation data. */
  async write(folder, answers) {
    const judged = await pairAnswers(folder, answers);
    return groupBy(judged, ({ item }) => item.task).map(([task, some]) => ({
      name: `${task}.txt`,
      content: some
        .map(({ item, label, text }) => `${item.file}\t${item.question}\t${label}\t${text}\n`)
        .join(''),
      purpose: 'input of MME’s calculation.py, --results_dir',
    }));
  },
};

interface Judged {
  readonly item: Item;
  /** The label as it is written, `Yes` or `No`. */
  readonly label: string;
  readonly text: string;
  readonly right: boolean;
}

/** Gives each answer its label by task, picture and question. */
async function pairAnswers(folder: string, file: AnswerFile): Promise<readonly Judged[]> {
  const items = new Map(
    (await readItems(await needFile(folder, DATA))).map((item) => [
      keyOf(item.task, item.file, item.question),
      item,
    ]),
  );
  return file.answers.map(({ questionId, prompt, text }) => {
    const path = String(questionId).split('/');
    const [task = ''] = path;
    const name = `${path.at(-1)?.split('.', 1)[0] ?? ''}.txt`;
    const question = strip(prompt.replaceAll(SHORT_ANSWER, ''));
    const item = [question, `${question} ${OFFICIAL_ENDING}`, `${question}  ${OFFICIAL_ENDING}`]
      .map((asked) => items.get(keyOf(task, name, asked)))
      .find((found) => found !== undefined);
    if (item === undefined)
      throw new ExpectedError(
        'input',
        `${quote(task)} has no question ${quote(question)} on ${quote(name)}.`,
        {
          hint: `Give answers to the release version: ${FROM}`,
        },
      );
    const label = item.label === 'yes' ? 'Yes' : 'No';
    return { item, label, text, right: parseMmeAnswer(text) === item.label };
  });
}

/** Source: `calculation.py`: two lines after each other are one picture; here they must be. */
function scoreAnswers(judged: readonly Judged[], file: AnswerFile): EvalResult {
  const pictures = groupBy(judged, ({ item }) => item.task).flatMap(([task, some]) =>
    pairUp(some).map(([first, second]) => ({ task, right: [first.right, second.right] as const })),
  );
  const taskScore = (task: string, some: typeof pictures) =>
    scoreMmeTask(some.filter((one) => one.task === task).map(({ right }) => right)).score;
  const sumOf = (name: string, tasks: readonly string[]): Figure => {
    const some = pictures.filter(({ task }) => tasks.includes(task));
    return bootstrapFigure(name, 'points', some.length, (positions) => sumOfTasks(some, tasks, positions));
  };
  const missing = TASKS.filter((task) => !pictures.some((one) => one.task === task));
  return {
    benchmark: 'mme',
    headline: sumOf('perception', MME_TASKS.perception),
    figures: [
      sumOf('cognition', MME_TASKS.cognition),
      ...TASKS.map((name) => ({
        name,
        value: taskScore(name, pictures),
        unit: 'points' as const,
        total: pictures.filter(({ task }) => task === name).length,
      })),
    ],
    notes: [
      ...failedNote(file),
      ...note(missing.length, 'task', `without answers, worth nothing (${missing.join(', ')})`),
    ],
  };
}

function sumOfTasks(
  pictures: readonly { readonly task: string; readonly right: readonly [boolean, boolean] }[],
  tasks: readonly string[],
  positions: Uint32Array,
): number {
  const sums = new Map(tasks.map((task) => [task, { pictures: 0, right: 0, both: 0 }]));
  for (const position of positions) {
    const picture = pictures[position];
    const sum = sums.get(picture?.task ?? '');
    if (picture === undefined || sum === undefined) continue;
    const right = Number(picture.right[0]) + Number(picture.right[1]);
    sum.pictures++;
    sum.right += right;
    sum.both += Number(right === 2);
  }
  return [...sums.values()].reduce(
    (total, sum) => total + (sum.pictures === 0 ? 0 : (50 * sum.right + 100 * sum.both) / sum.pictures),
    0,
  );
}

function pairUp(answers: readonly Judged[]): (readonly [Judged, Judged])[] {
  const pairs: (readonly [Judged, Judged])[] = [];
  for (let index = 0; index < answers.length; index += 2) {
    const first = answers[index];
    const second = answers[index + 1];
    if (first === undefined || second?.item.file !== first.item.file)
      throw new ExpectedError(
        'input',
        `The answers to ${quote(first?.item.image ?? '')} are not two after each other.`,
        { hint: 'Leave the answers in the order of the questions, both of a picture together' },
      );
    pairs.push([first, second]);
  }
  return pairs;
}

async function readItems(data: string): Promise<readonly Item[]> {
  const items: Item[] = [];
  for (const task of TASKS) items.push(...(await readTask(data, task)));
  if (items.length === 0)
    throw new ExpectedError('input', `${quote(data)} has none of MME’s tasks, such as "existence".`, {
      hint: `Get MME_Benchmark_release_version from ${FROM}`,
    });
  return items;
}

/** A task's texts lie beside its pictures, or in `questions_answers_YN` beside `images`. */
async function readTask(data: string, task: string): Promise<readonly Item[]> {
  const flat = await namesIn(join(data, task));
  const split = flat.includes('images');
  const inside = split ? `${task}/images` : task;
  const texts = split ? join(data, task, 'questions_answers_YN') : join(data, task);
  const pictures = new Map(
    (split ? await namesIn(join(data, inside)) : flat)
      .filter((name) => PICTURE.test(name))
      .map((name) => [name.replace(PICTURE, ''), name]),
  );
  const items: Item[] = [];
  for (const file of (await namesIn(texts)).filter((name) => name.endsWith('.txt'))) {
    const name = file.slice(0, -'.txt'.length);
    const image = `${inside}/${pictures.get(name) ?? `${name}.jpg`}`;
    for await (const line of readTextLines(join(texts, file))) {
      const [question = '', answer = ''] = strip(line.text).split('\t');
      const label = answer.toLowerCase();
      if (label !== 'yes' && label !== 'no')
        throw new ExpectedError(
          'input',
          `${quote(join(texts, file))}:${line.number} has no label "Yes" or "No".`,
          {
            hint: `Get it whole from ${FROM}`,
          },
        );
      items.push({ task, file, image, question, label });
    }
  }
  return items;
}

async function namesIn(folder: string): Promise<readonly string[]> {
  try {
    return (await readdir(folder)).sort();
  } catch {
    return [];
  }
}

function keyOf(task: string, file: string, question: string): string {
  return `${task}\n${file}\n${question}`;
}
