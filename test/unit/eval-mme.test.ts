import { expect, it } from 'vitest';
import { mme } from '../../src/eval/benchmarks/mme.js';
import { answersOf, brief, dataFolder, rowsOf, textOf } from '../helpers/eval-folder.js';
import { temporaryFolder } from '../helpers/temporary-folder.js';

const parent = temporaryFolder();
const SHORT = 'Answer the question using a single word or phrase.';
const root = 'MME_Benchmark_release_version';
const files = {
  [`${root}/existence/000000006040.txt`]:
    'Is there a train in this image? Please answer yes or no.\tYes\nIs there a bed in this image? Please answer yes or no.\tNo\n',
  [`${root}/existence/000000006040.jpg`]: '',
  [`${root}/artwork/images/10002.jpg`]: '',
  [`${root}/artwork/questions_answers_YN/10002.txt`]:
    'Is this oil?  Please answer yes or no.\tNo\nIs this in Rome? Please answer yes or no.\tYes\n',
  [`${root}/code_reasoning/0020.png`]: '',
  [`${root}/code_reasoning/0020.txt`]:
    'Is it C? Please answer yes or no.\tYes\nIs it B? Please answer yes or no.\tNo\n',
};
const folder = dataFolder(parent, files);
const answered = async (...texts: string[]) => {
  const rows = await rowsOf(mme, folder);
  return answersOf(
    parent,
    ...texts.map((text, index) => ({
      question_id: rows[index]!.questionId,
      prompt: rows[index]!.prompt,
      text,
    })),
  );
};

it('puts the paper’s ending in place of the official one', async () => {
  const rows = await rowsOf(mme, folder);
  expect(rows.map(({ questionId, text, category }) => [questionId, text, category])).toEqual([
    ['existence/000000006040.jpg', `Is there a train in this image?\n${SHORT}`, 'existence'],
    ['existence/000000006040.jpg', `Is there a bed in this image?\n${SHORT}`, 'existence'],
    ['artwork/images/10002.jpg', `Is this oil?\n${SHORT}`, 'artwork'],
    ['artwork/images/10002.jpg', `Is this in Rome?\n${SHORT}`, 'artwork'],
    ['code_reasoning/0020.png', `Is it C?\n${SHORT}`, 'code_reasoning'],
    ['code_reasoning/0020.png', `Is it B?\n${SHORT}`, 'code_reasoning'],
  ]);
});

it('finds labels behind one or two blanks and adds acc and acc+', async () => {
  const answers = await answered('Yes', 'no', 'Yes', 'Yes', 'unclear', 'No');
  const { headline, figures, notes } = await mme.score!(folder, answers);
  expect(brief([headline, ...figures.slice(0, 2)])).toEqual([
    'perception: 250',
    'cognition: 50',
    'existence: 200',
  ]);
  expect(figures.find(({ name }) => name === 'artwork')?.value).toBe(50);
  expect(notes[0]).toContain('11 tasks');
  expect(headline.interval).toBeDefined();
});

it('writes the official tool’s files', async () => {
  const written = await mme.write!(folder, await answered('Yes', 'No', 'Yes', 'Yes'));
  expect(textOf(written, 'artwork.txt')).toBe(
    '10002.txt\tIs this oil?  Please answer yes or no.\tNo\tYes\n10002.txt\tIs this in Rome? Please answer yes or no.\tYes\tYes\n',
  );
});

it('refuses strange questions, pictures that are torn apart and missing labels', async () => {
  const strange = await answersOf(parent, {
    question_id: 'existence/1.jpg',
    prompt: `What?\n${SHORT}`,
    text: 'Yes',
  });
  await expect(mme.score!(folder, strange)).rejects.toThrow('has no question "What?" on "1.txt"');
  await expect(mme.score!(folder, await answered('Yes', 'No', 'Yes'))).rejects.toThrow(
    'are not two after each other',
  );
  const unlabelled = dataFolder(parent, { [`${root}/existence/1.txt`]: 'Is it? Please answer yes or no.\n' });
  await expect(rowsOf(mme, unlabelled)).rejects.toThrow('has no label');
  await expect(rowsOf(mme, dataFolder(parent, {}))).rejects.toThrow('has none of MME’s tasks');
});
