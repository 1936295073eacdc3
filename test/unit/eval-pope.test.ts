import { join } from 'node:path';
import { expect, it } from 'vitest';
import { questionLine } from '../../src/eval/benchmark.js';
import { pope } from '../../src/eval/benchmarks/pope.js';
import { answersOf, brief, dataFolder, jsonLines, rowsOf } from '../helpers/eval-folder.js';
import { temporaryFolder } from '../helpers/temporary-folder.js';

const parent = temporaryFolder();
const line = (question_id: number, object: string, label: string) => ({
  question_id,
  image: 'COCO_val2014_000000310196.jpg',
  text: `Is there a ${object} in the image?`,
  label,
});
const files = {
  'coco/coco_pope_adversarial.json': jsonLines(line(1, 'snowboard', 'yes'), line(2, 'backpack', 'no')),
  'coco/coco_pope_random.json': jsonLines(line(1, 'snowboard', 'yes'), line(2, 'couch', 'no')),
  'coco/coco_pope_popular.json': jsonLines(line(1, 'snowboard', 'yes'), line(2, 'chair', 'no')),
};
const folder = dataFolder(parent, files);
const ids = [1, 2, 10000001, 10000002, 20000001, 20000002];
const said = (...texts: string[]) => texts.map((text, index) => ({ question_id: ids[index]!, text }));

it('asks as the authors’ question file does, line by line', async () => {
  const rows = await rowsOf(pope, folder);
  expect(questionLine(rows[0]!)).toBe(
    '{"question_id": 1, "image": "COCO_val2014_000000310196.jpg", "text": "Is there a snowboard in the image?\\nAnswer the question using a single word or phrase.", "category": "adversarial"}\n',
  );
  expect(rows.map(({ questionId }) => questionId)).toEqual(ids);
  expect(rows.map(({ category }) => category)).toEqual(
    ['adversarial', 'random', 'popular'].flatMap((name) => [name, name]),
  );
  expect(rows[0]?.picture).toBe(join(folder, 'val2014/COCO_val2014_000000310196.jpg'));
});

it('scores each category and takes the mean of F1', async () => {
  const answers = await answersOf(parent, ...said('Yes', 'Yes', 'Yes', 'No', 'No', 'There is no chair.'));
  const { headline, figures, notes } = await pope.score!(folder, answers);
  expect(headline.value).toBeCloseTo(100 * ((2 / 3 + 1 + 0) / 3), 10);
  expect(brief(figures)).toEqual(
    [
      ['random', '100', '2/2', '1/1', '1/1', '1/2'],
      ['popular', '0', '1/2', '0/0', '0/1', '0/2'],
      ['adversarial', '66.6667', '1/2', '1/2', '1/1', '2/2'],
    ].flatMap(([name, ...values]) =>
      ['F1', 'accuracy', 'precision', 'recall', 'yes ratio'].map(
        (figure, index) => `${name} ${figure}: ${values[index]}`,
      ),
    ),
  );
  expect(notes).toEqual([]);
});

it('refuses missing answers', async () => {
  const answers = await answersOf(parent, ...said('Yes', 'No', 'No'));
  await expect(pope.score!(folder, answers)).rejects.toThrow(
    'lacks 3 answers; the first is question "10000002"',
  );
});

it('refuses a label file of another revision', async () => {
  const other = dataFolder(parent, {
    ...files,
    'coco/coco_pope_random.json': jsonLines(
      line(1, 'snowboard', 'yes'),
      line(2, 'sofa', 'no'),
      line(3, 'dog', 'no'),
    ),
  });
  const prompts = await rowsOf(pope, folder);
  const answers = await answersOf(
    parent,
    ...prompts.map(({ questionId, prompt }) => ({ question_id: questionId, prompt, text: 'No' })),
  );
  await expect(pope.score!(folder, answers)).resolves.toBeDefined();
  await expect(pope.score!(other, answers)).rejects.toThrow(
    'Question 10000002 was "Is there a couch in the image?" when it was answered and is "Is there a sofa in the image?"',
  );
});

it('tells the later random file by its size', async () => {
  const later = dataFolder(parent, {
    ...files,
    'coco/coco_pope_random.json': jsonLines(
      ...Array.from({ length: 3000 }, (_, index) => line(index + 1, 'snowboard', 'yes')),
    ),
  });
  const answers = await answersOf(
    parent,
    ...(await rowsOf(pope, later)).map(({ questionId }) => ({ question_id: questionId, text: 'Yes' })),
  );
  expect((await pope.score!(later, answers)).notes.join()).toContain('3000 questions: a later revision');
});

it('refuses labels that are missing or other than yes and no', async () => {
  const name = 'coco/coco_pope_popular.json';
  const gap = dataFolder(parent, { ...files, [name]: jsonLines(line(1, 'dog', 'no'), line(3, 'cat', 'no')) });
  await expect(rowsOf(pope, gap)).rejects.toThrow('is question 3 where 2 is due');
  const maybe = dataFolder(parent, { ...files, [name]: jsonLines(line(1, 'dog', 'maybe')) });
  await expect(rowsOf(pope, maybe)).rejects.toThrow('field "label" is "maybe"');
});
