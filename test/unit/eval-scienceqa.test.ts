import { join } from 'node:path';
import { expect, it } from 'vitest';
import { scienceqa } from '../../src/eval/benchmarks/scienceqa.js';
import { answersOf, brief, dataFolder, rowsOf } from '../helpers/eval-folder.js';
import { temporaryFolder } from '../helpers/temporary-folder.js';

const parent = temporaryFolder();
const ENDING = "Answer with the option's letter from the given choices directly.";

const problem = (fields: object) => ({
  question: 'Which?',
  choices: ['this', 'that', 'those'],
  answer: 1,
  hint: '',
  image: null,
  ...fields,
});
const problems = {
  '9': problem({ hint: 'Look.\nAgain.', image: 'image.png' }),
  '10': problem({ question: 'Train?' }),
  '4': problem({}),
  '12': problem({ image: 'choice_0.png', choices: ['yes', 'no'], answer: 0 }),
};
const files = { 'problems.json': problems, 'pid_splits.json': { train: ['10'], test: ['9', '4', '12'] } };
const folder = dataFolder(parent, files);

/** The same questions as the authors wrote them. */
const authors = [
  {
    id: '9',
    image: '9/image.png',
    conversations: [
      { from: 'human', value: '<image>\nContext: Look.\nAgain.\nWhich?\nA. this\nB. that\nC. those' },
      { from: 'gpt', value: 'B' },
    ],
  },
  {
    id: '4',
    conversations: [
      { from: 'human', value: 'Which?\nA. this\nB. that\nC. those' },
      { from: 'gpt', value: 'B' },
    ],
  },
  {
    id: '12',
    image: '12/choice_0.png',
    conversations: [
      { from: 'human', value: '<image>\nWhich?\nA. yes\nB. no' },
      { from: 'gpt', value: 'A' },
    ],
  },
];

it('asks as the authors’ question file does', async () => {
  const rows = await rowsOf(scienceqa, folder);
  expect(rows.map(({ prompt }) => prompt)).toEqual(
    authors.map(({ conversations }) => `${conversations[0]!.value}\n${ENDING}`),
  );
  expect(rows[0]).toMatchObject({
    questionId: '9',
    image: '9/image.png',
    picture: join(folder, 'images/test/9/image.png'),
    text: `Context: Look.\nAgain.\nWhich?\nA. this\nB. that\nC. those\n${ENDING}`,
  });
  expect(rows[1]).toMatchObject({ image: undefined, picture: undefined });
});

it('reads the authors’ question file instead', async () => {
  const other = dataFolder(parent, { 'llava_test_CQM-A.json': authors });
  const here = (rows: Awaited<ReturnType<typeof rowsOf>>) => rows.map((row) => ({ ...row, picture: '' }));
  expect(here(await rowsOf(scienceqa, other))).toEqual(here(await rowsOf(scienceqa, folder)));
});

it('scores with and without pictures; no answer is wrong and the last one counts', async () => {
  const answers = await answersOf(
    parent,
    { question_id: '9', text: 'A' },
    { question_id: '9', text: 'B. that' },
    { question_id: '4', text: 'Which?' },
    { question_id: '77', text: 'A' },
  );
  const result = await scienceqa.score!(folder, answers);
  expect(brief([result.headline, ...result.figures])).toEqual([
    'with picture: 1/2',
    'all: 1/3',
    'without picture: 0/1',
  ]);
  expect(result.headline.value).toBe(50);
  expect(result.notes.join('\n')).toMatch(
    /1 answer to a question answered before[^]*1 answer to no question[^]*1 question without an answer/,
  );
});

it('has no figure over all when questions without a picture were not asked', async () => {
  const answers = await answersOf(parent, { question_id: '9', text: 'B' });
  const partial = { ...answers, sample: true };
  expect(brief([(await scienceqa.score!(folder, partial)).headline])).toEqual(['with picture: 1/1']);
});

it('refuses answers to something else, missing labels and missing files', async () => {
  const strangers = await answersOf(parent, { question_id: 'v1_0', text: 'A' });
  await expect(scienceqa.score!(folder, strangers)).rejects.toThrow(
    'it has question "v1_0" where the data has "9"',
  );
  const unlabelled = dataFolder(parent, { ...files, 'pid_splits.json': { test: ['9', '99'] } });
  await expect(rowsOf(scienceqa, unlabelled)).rejects.toThrow('Test question "99" has no label');
  const tooFew = dataFolder(parent, {
    ...files,
    'problems.json': { ...problems, '4': problem({ answer: 3 }) },
  });
  await expect(rowsOf(scienceqa, tooFew)).rejects.toThrow('Test question "4" has no label');
  await expect(rowsOf(scienceqa, dataFolder(parent, {}))).rejects.toMatchObject({
    kind: 'input',
    hint: expect.stringContaining('github.com/lupantech/ScienceQA') as string,
  });
});
