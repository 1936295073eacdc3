import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { coloninstCls, coloninstRec } from '../../src/eval/benchmarks/coloninst.js';
import { mmbench, mmbenchCn } from '../../src/eval/benchmarks/mmbench.js';
import { seed } from '../../src/eval/benchmarks/seed.js';
import { spatialbench } from '../../src/eval/benchmarks/spatialbench.js';
import { answersOf, brief, dataFolder, rowsOf, textOf } from '../helpers/eval-folder.js';
import { temporaryFolder } from '../helpers/temporary-folder.js';

const parent = temporaryFolder();
const LETTER = "Answer with the option's letter from the given choices directly.";

describe('MMBench', () => {
  const header = 'index question hint A B C D answer category image source l2-category comment split'.split(
    ' ',
  );
  const rows = [
    ['241', 'Which?', 'Look here.', 'cat', 'dog', '', '', 'B', 'kind', '/9j/4AAQ', 's', 'l', '', 'dev'],
    ['1000241', 'Which?', 'Look here.', 'dog', 'cat', '', '', 'A', 'kind', '/9j/4AAQ', 's', 'l', '', 'dev'],
    ['252', '"Say ""a"""', 'none', '1', 'None', '3', '4', 'A', 'part', '/9j/4AAR', 's', 'l', '', 'dev'],
  ];
  const table = [header, ...rows].map((cells) => `${cells.join('\t')}\n`).join('');
  const folder = dataFolder(parent, {
    'mmbench_dev_20230712.tsv': table,
    'mmbench_dev_cn_20231003.tsv': table,
  });

  it('asks with hint and options up to the first that is none', async () => {
    const asked = await rowsOf(mmbench, folder);
    expect(asked[0]).toEqual({
      questionId: 241,
      image: undefined,
      picture: 'data:image/jpeg;base64,/9j/4AAQ',
      text: `Look here.\nWhich?\nA. cat\nB. dog\n${LETTER}`,
      prompt: 'Look here.\nWhich?\nA. cat\nB. dog',
      category: 'kind',
      extra: { round_id: 0, options: ['cat', 'dog'], option_char: ['A', 'B'] },
    });
    expect(asked[2]?.text).toBe(`Say "a"\nA. 1\n${LETTER}`);
    expect((await rowsOf(mmbenchCn, folder))[2]?.text).toBe('Say "a"\nA. 1\n请直接回答选项字母。');
  });

  it('wants every order right', async () => {
    const answers = await answersOf(
      parent,
      { question_id: 241, text: 'B' },
      { question_id: 1000241, text: 'B' },
      { question_id: 252, text: 'A' },
    );
    const { headline, figures } = await mmbench.score!(folder, answers);
    expect(brief([headline, ...figures])).toEqual([
      'circular: 1/2',
      'first order only: 2/2',
      'every row: 2/3',
      'kind: 0/1',
      'part: 1/1',
    ]);
  });

  it('counts an answer that is no letter as wrong and says so', async () => {
    const answers = await answersOf(
      parent,
      { question_id: 241, text: 'It is B' },
      { question_id: 252, text: 'A' },
    );
    const { headline, notes } = await mmbench.score!(folder, answers);
    expect(headline.right).toBe(1);
    expect(notes.join('\n')).toMatch(/1 question without an answer[^]*1 answer without a clear letter/);
  });

  it('refuses to score a table without labels', async () => {
    const test = table.replaceAll('\tanswer\t', '\tother\t');
    const unlabelled = dataFolder(parent, { 'mmbench_dev_20230712.tsv': test });
    const answers = await answersOf(parent, { question_id: 241, text: 'B' });
    await expect(mmbench.score!(unlabelled, answers)).rejects.toThrow('has no answer for question 241');
  });

  it('writes a spreadsheet', async () => {
    const answers = await answersOf(parent, { question_id: 241, text: 'B' });
    const [file] = await mmbench.write!(folder, answers);
    expect(file?.name).toBe('mmbench-submission.xlsx');
    expect(Buffer.from(file!.content).toString('latin1', 0, 2)).toBe('PK');
  });
});

describe('SEED-Bench', () => {
  const item = (question_id: string, data_type: string, answer: string, question_type_id: number) => ({
    question_id,
    question_type_id,
    data_type,
    data_id: '1454426_2591111986',
    question: 'How many?',
    choice_a: 'One',
    choice_b: 'Two',
    choice_c: 'Three',
    choice_d: 'Four',
    answer,
  });
  const folder = dataFolder(parent, {
    'SEED-Bench.json': {
      question_type: { 'Action Recognition': 10, 'Scene Understanding': 1 },
      questions: [
        item('101669', 'image', 'A', 1),
        item('101670', 'image', 'B', 1),
        item('v0', 'video', 'C', 10),
      ],
    },
  });

  it('asks with four options and the middle frame of a video', async () => {
    const rows = await rowsOf(seed, folder);
    expect(rows[0]).toMatchObject({
      image: 'SEED-Bench-image/1454426_2591111986',
      picture: join(folder, 'SEED-Bench-image/1454426_2591111986'),
      text: `How many?\nA. One\nB. Two\nC. Three\nD. Four\n${LETTER}`,
    });
    expect(rows[2]?.image).toBe('SEED-Bench-video-image/10_v0.png');
  });

  it('wants the bare letter; ids may be numbers', async () => {
    const answers = await answersOf(
      parent,
      { question_id: 101669, text: 'A' },
      { question_id: 101670, text: 'B.' },
    );
    const { headline, figures, notes } = await seed.score!(folder, answers);
    expect(brief([headline, ...figures])).toEqual([
      'total: 1/3',
      'image: 1/2',
      'video: 0/1',
      'Scene Understanding: 1/2',
      'Action Recognition: 0/1',
    ]);
    expect(notes).toHaveLength(1);
    await expect(seed.write!(folder, answers)).rejects.toThrow('lacks 1 answers');
    const all = await answersOf(
      parent,
      ...['101669', '101670', 'v0'].map((question_id) => ({ question_id, text: 'C' })),
    );
    expect(textOf(await seed.write!(folder, all), 'seed-submission.jsonl').split('\n')[0]).toBe(
      '{"question_id": "101669", "prediction": "C"}',
    );
  });
});

describe('6-DoF SpatialBench', () => {
  const item = (id: number, answer: number, task_type: string, question_type: string) => ({
    id,
    question: 'How far?',
    options: ['1m', '2m', '3m', '4m'],
    answer,
    task_type,
    question_type,
    multi_object: true,
  });
  const folder = dataFolder(parent, {
    'spatial_data.json': [item(0, 3, 'position', 'absolute'), item(1, 0, 'orientation', 'relative')],
  });

  it('reads the first character', async () => {
    expect((await rowsOf(spatialbench, folder))[0]?.text).toBe('How far?\nA. 1m\nB. 2m\nC. 3m\nD. 4m');
    const answers = await answersOf(
      parent,
      { question_id: 0, text: 'D. 4m' },
      { question_id: 1, text: 'The answer is A' },
    );
    const { headline, figures } = await spatialbench.score!(folder, answers);
    expect(brief([headline, ...figures])).toEqual([
      'total: 1/2',
      'position relative: 0/0',
      'position absolute: 1/1',
      'orientation relative: 0/1',
      'orientation absolute: 0/0',
    ]);
  });
});

describe('ColonINST', () => {
  const item = (question: string, answer: string) => ({
    id: 'CVC-ClinicDB/Test/polyp/1.png',
    image: '1',
    conversations: [
      { from: 'human', value: `<image>\n${question}` },
      { from: 'gpt', value: answer },
    ],
  });
  const folder = dataFolder(parent, {
    'Json-file/test/ColonINST-test-cls.json': [item('What is it?', 'polyp'), item('And now?', 'ulcer')],
    'ColonINST-test-rec.json': [item('Where?', '{<0><0><9><9>}'), item('Where?', '{<0><0><9><9>}')],
  });

  it('tells rows on one picture apart by their place', async () => {
    expect(await rowsOf(coloninstCls, folder)).toMatchObject([
      {
        questionId: 0,
        image: 'CVC-ClinicDB/Test/polyp/1.png',
        text: 'What is it?',
        prompt: '<image>\nWhat is it?',
      },
      { questionId: 1, text: 'And now?' },
    ]);
    const answers = await answersOf(
      parent,
      { question_id: 0, text: 'Polyp' },
      { question_id: 1, text: 'ulcer.' },
    );
    expect((await coloninstCls.score!(folder, answers)).headline).toMatchObject({ right: 1, total: 2 });
  });

  it('wants a box that overlaps by more than half', async () => {
    const answers = await answersOf(
      parent,
      { question_id: 0, text: '{<0><0><9><5>}' },
      { question_id: 1, text: '{<0><0><9><4>}' },
    );
    expect((await coloninstRec.score!(folder, answers)).headline).toMatchObject({ right: 1, total: 2 });
  });
});
