import { join } from 'node:path';
import * as v from 'valibot';
import { ExpectedError } from '../../llava/expected-error.js';
import { quote } from '../../llava/quote.js';
import { letterOf } from '../../llava/response-format.js';
import type { Benchmark, BenchmarkFile, EvalRow } from '../benchmark.js';
import { shareFigure, type EvalResult } from '../eval-result.js';
import { needFile, needOneOf, pictureFolder } from '../files/find-file.js';
import { matchAnswers } from '../scoring/match-answers.js';
import { parseScienceQaLetter } from '../metrics/letter.js';
import { LETTER_ANSWER, withEnding, withOptions } from '../question-endings.js';
import type { AnswerFile } from '../files/read-answers.js';
import { readJson } from '../files/read-json.js';

const FROM = 'https://github.com/lupantech/ScienceQA (data/scienceqa)';
const PROBLEMS: BenchmarkFile = {
  names: ['problems.json'],
  holds: 'questions with answers',
  from: FROM,
  needed: 'either',
};
const SPLITS: BenchmarkFile = {
  names: ['pid_splits.json'],
  holds: 'which questions are the test split',
  from: FROM,
  needed: 'to ask and score',
};
const AUTHORS: BenchmarkFile = {
  names: ['llava_test_CQM-A.json', 'questions.json'],
  holds: 'the authors’ question file with answers; it needs no other file',
  from: 'eval.zip of https://github.com/haotian-liu/LLaVA/blob/main/docs/Evaluation.md',
  needed: 'either',
};
const PICTURES: BenchmarkFile = {
  names: ['images/test', 'test'],
  holds: 'pictures, <question>/image.png',
  from: FROM,
  needed: 'to ask',
};

const problemsSchema = v.record(
  v.string(),
  v.object({
    question: v.string(),
    choices: v.pipe(v.array(v.string()), v.minLength(2), v.maxLength(26)),
    answer: v.pipe(v.number(), v.integer(), v.minValue(0)),
    hint: v.string(),
    image: v.nullable(v.string()),
  }),
);
const splitsSchema = v.object({ test: v.array(v.string()) });
const authorsSchema = v.array(
  v.object({
    id: v.string(),
    image: v.optional(v.string()),
    conversations: v.tuple([
      v.object({ from: v.literal('human'), value: v.string() }),
      v.object({ from: v.literal('gpt'), value: v.string() }),
    ]),
  }),
);

/** A question as the authors' file has it. */
interface Item {
  readonly id: string;
  readonly image: string | undefined;
  /** With `<image>` in front where there is a picture, without the ending. */
  readonly value: string;
  /** The letter that is right. */
  readonly label: string;
}

const IMAGE = '<image>\n';

/** ScienceQA, test split: with pictures (the paper's figure) and all. */
export const scienceqa: Benchmark = {
  name: 'scienceqa',
  title: 'ScienceQA-IMG',
  measure: 'accuracy on questions with a picture, %',
  scoredBy: 'llava',
  files: [PROBLEMS, SPLITS, AUTHORS, PICTURES],
  licence: 'CC BY-NC-SA 4.0',
  decoding: { temperature: 0, maxTokens: 1024 },
  published: {
    'with picture': { '7B': 66.8, '13B': 71.6, '7B LoRA': 68.4, '13B LoRA': 71.2, '13B-HD': 71.0 },
  },
  publishedIn: 'LLaVA-1.5 paper, Table 4; LLaVA docs/MODEL_ZOO.md',
  remarks: ['2,224 of the 4,241 test questions have no picture; the paper’s figure is over the other 2,017.'],
  async *rows(folder) {
    const pictures = await pictureFolder(folder, PICTURES);
    for (const item of await readItems(folder)) yield rowOf(item, pictures);
  },
  async score(folder, answers) {
    return scoreItems(await readItems(folder), answers);
  },
};

async function readItems(folder: string): Promise<readonly Item[]> {
  const { file, path } = await needOneOf(folder, [PROBLEMS, AUTHORS]);
  if (file === AUTHORS)
    return (await readJson(path, authorsSchema)).map(({ id, image, conversations: [question, answer] }) => ({
      id,
      image,
      value: question.value,
      label: answer.value,
    }));
  const { test } = await readJson(await needFile(folder, SPLITS), splitsSchema);
  const problems = new Map(Object.entries(await readJson(path, problemsSchema)));
  return test.map((id) => {
    const problem = problems.get(id);
    if (problem === undefined || problem.answer >= problem.choices.length)
      throw new ExpectedError('input', `Test question ${quote(id)} has no label in ${quote(path)}.`, {
        hint: 'Take problems.json and pid_splits.json of the same release',
      });
    return itemOf(id, problem);
  });
}

/** Source: the authors' `llava_test_CQM-A.json`; a hint stands behind "Context:", nothing where there is none. */
function itemOf(id: string, problem: v.InferOutput<typeof problemsSchema>[string]): Item {
  const { question, choices, answer, hint, image } = problem;
  const context = hint === '' ? '' : `Context: ${hint}\n`;
  return {
    id,
    image: image === null ? undefined : `${id}/${image}`,
    value: `${image === null ? '' : IMAGE}${context}${withOptions(question, choices)}`,
    label: letterOf(answer),
  };
}

function rowOf({ id, image, value }: Item, pictures: string): EvalRow {
  const prompt = withEnding(value, LETTER_ANSWER);
  return {
    questionId: id,
    image,
    picture: image === undefined ? undefined : join(pictures, image),
    text: prompt.replace(IMAGE, ''),
    prompt,
    category: image === undefined ? 'without picture' : 'with picture',
  };
}

/** Source: `llava/eval/eval_science_qa.py`; what has a picture is told by the data, not by the answer's prompt. */
function scoreItems(all: readonly Item[], file: AnswerFile): EvalResult {
  const { byId, isAsked, notes } = matchAnswers(
    file,
    all.map(({ id }) => id),
    'wrong',
  );
  const items = all.filter(({ id }) => isAsked(id));
  const right = (some: readonly Item[]) =>
    some.filter(({ id, label }) => parseScienceQaLetter(byId.get(id)?.text ?? '') === label).length;
  const figure = (name: string, some: readonly Item[]) => shareFigure(name, right(some), some.length);
  const isAsking = (some: readonly Item[]) => some.some(({ id }) => byId.has(id));
  const withPicture = items.filter(({ image }) => image !== undefined);
  const without = items.filter(({ image }) => image === undefined);
  return {
    benchmark: 'scienceqa',
    headline: figure('with picture', withPicture),
    ...(isAsking(without)
      ? { figures: [figure('all', items), figure('without picture', without)], notes }
      : {
          figures: [],
          notes: [...notes, 'The questions without a picture have no answers: no figure over all.'],
        }),
  };
}
