import { describe, expect, it } from 'vitest';
import { gqa } from '../../src/eval/benchmarks/gqa.js';
import { textvqa } from '../../src/eval/benchmarks/textvqa.js';
import { vizwiz, vizwizVal } from '../../src/eval/benchmarks/vizwiz.js';
import { vqav2, vqav2Val } from '../../src/eval/benchmarks/vqav2.js';
import { answersOf, brief, dataFolder, jsonLines, rowsOf, textOf } from '../helpers/eval-folder.js';
import { temporaryFolder } from '../helpers/temporary-folder.js';

const parent = temporaryFolder();
const SHORT = 'Answer the question using a single word or phrase.';
const people = (...answers: string[]) => answers.map((answer) => ({ answer }));

describe('GQA', () => {
  const question = (text: string, answer: string, structural: string) => ({
    question: text,
    imageId: 'n161313',
    answer,
    types: { structural },
  });
  const folder = dataFolder(parent, {
    'testdev_balanced_questions.json':
      `{"201": ${JSON.stringify(question('Is it red?', 'no', 'verify'))},` +
      `"20": ${JSON.stringify(question('Who is it?', 'woman', 'query'))}}`,
  });

  it('asks in the file’s order', async () => {
    expect(await rowsOf(gqa, folder)).toMatchObject([
      { questionId: '201', image: 'n161313.jpg', text: `Is it red?\n${SHORT}`, category: 'default' },
      { questionId: '20', text: `Who is it?\n${SHORT}` },
    ]);
  });

  it('wants the same word', async () => {
    const answers = await answersOf(
      parent,
      { question_id: '201', text: 'No.' },
      { question_id: '20', text: 'a woman' },
    );
    const { headline, figures } = await gqa.score!(folder, answers);
    expect(brief([headline, ...figures])).toEqual(['accuracy: 1/2', 'binary: 1/1', 'open: 0/1']);
    expect(textOf(await gqa.write!(folder, answers), 'testdev_balanced_predictions.json')).toBe(
      '[{"questionId": "201", "prediction": "no"}, {"questionId": "20", "prediction": "a woman"}]',
    );
  });

  it('refuses missing answers, as its own evaluation does', async () => {
    const answers = await answersOf(parent, { question_id: '20', text: 'woman' });
    await expect(gqa.score!(folder, answers)).rejects.toThrow('lacks 1 answers');
  });
});

describe('TextVQA', () => {
  const ten = (word: string, count: number) =>
    Array.from({ length: 10 }, (_, i) => (i < count ? word : `x${i}`));
  const folder = dataFolder(parent, {
    'TextVQA_0.5.1_val.json': {
      data: [
        { image_id: 'aa', question: 'what brand is it?', answers: ten('nokia', 10) },
        { image_id: 'aa', question: 'what time is it?', answers: ten('10:10', 2) },
        { image_id: 'bb', question: 'is it on?', answers: ten('yes', 3) },
      ],
    },
    'TextVQA_Rosetta_OCR_v0.2_val.json': {
      data: [
        { image_id: 'aa', ocr_tokens: ['NOKIA', '10:10,', 'x'] },
        { image_id: 'bb', ocr_tokens: [] },
      ],
    },
  });

  it('asks with the OCR line, empty where nothing was read', async () => {
    expect((await rowsOf(textvqa, folder)).map(({ text }) => text)).toEqual([
      `What brand is it?\nReference OCR token: NOKIA, 10:10,, x\n${SHORT}`,
      `What time is it?\nReference OCR token: NOKIA, 10:10,, x\n${SHORT}`,
      `Is it on?\nReference OCR token: \n${SHORT}`,
    ]);
  });

  it('finds the question of a picture by its text', async () => {
    const [brand, time, on] = (await rowsOf(textvqa, folder)).map(({ prompt }) => prompt);
    const answers = await answersOf(
      parent,
      { question_id: 'bb', prompt: on!, text: 'Yes.' },
      { question_id: 'aa', prompt: time!, text: '10:10' },
      { question_id: 'aa', prompt: brand!, text: 'the Nokia' },
    );
    const { headline, notes } = await textvqa.score!(folder, answers);
    // 3 of 10 agree: 7 sets with 3 others, 3 sets with 2 → 0.9; 2 of 10: 8 · 2/3 + 2 · 1/3 → 0.6
    expect(headline.value).toBeCloseTo((100 * (0.9 + 0.6 + 1)) / 3, 8);
    expect(notes).toEqual([]);
  });

  it('refuses a question that is not in the data', async () => {
    const strange = await answersOf(parent, { question_id: 'aa', prompt: `What?\n${SHORT}`, text: 'x' });
    await expect(textvqa.score!(folder, strange)).rejects.toThrow('has no question "What?" on picture "aa"');
    const bare = await answersOf(parent, { question_id: 'aa', prompt: 'What?', text: 'x' });
    await expect(textvqa.score!(folder, bare)).rejects.toThrow('is no TextVQA question');
  });
});

describe('VizWiz', () => {
  const folder = dataFolder(parent, {
    'test.json': [{ image: 'VizWiz_test_00000000.jpg', question: "What is this? I can't see" }],
  });

  it('asks with both endings, the question in small letters but the first', async () => {
    expect(await rowsOf(vizwiz, folder)).toMatchObject([
      {
        questionId: 0,
        image: 'VizWiz_test_00000000.jpg',
        text: `What is this? i can't see\nWhen the provided information is insufficient, respond with 'Unanswerable'.\n${SHORT}`,
      },
    ]);
  });

  it('writes the submission, and nothing when an answer is missing', async () => {
    const answers = await answersOf(parent, { question_id: 0, text: 'A Can.' });
    expect(textOf(await vizwiz.write!(folder, answers), 'vizwiz-submission.json')).toBe(
      '[{"image": "VizWiz_test_00000000.jpg", "answer": "can"}]',
    );
  });

  it('scores the validation split and says so', async () => {
    const val = dataFolder(parent, {
      'val.json': [
        { image: 'a.jpg', question: 'q', answer_type: 'other', answers: people('can', 'can', 'can', 'can') },
        {
          image: 'b.jpg',
          question: 'q',
          answer_type: 'unanswerable',
          answers: people('unanswerable', 'x', 'y'),
        },
      ],
    });
    const answers = await answersOf(
      parent,
      { question_id: 0, text: 'Can' },
      { question_id: 1, text: 'Unanswerable' },
    );
    const others = await answersOf(
      parent,
      { question_id: 0, prompt: `What is it?\n${SHORT}`, text: 'x' },
      { question_id: 1, prompt: `Q\n${SHORT}`, text: 'x' },
    );
    await expect(vizwizVal.score!(val, others)).rejects.toThrow(
      'Question 0 was "What is it?" when it was answered and is "q" in this data',
    );
    const { headline, figures, notes } = await vizwizVal.score!(val, answers);
    expect(brief([headline, ...figures])).toEqual([
      'accuracy: 61.1111',
      'other: 100',
      'unanswerable: 22.2222',
    ]);
    expect(notes).toEqual([]);
  });
});

describe('VQAv2', () => {
  const questions = [
    { question_id: 262148000, image_id: 262148, question: 'Where is he looking?' },
    { question_id: 1000, image_id: 1, question: 'Is it? ' },
  ];
  const folder = dataFolder(parent, {
    'v2_OpenEnded_mscoco_test-dev2015_questions.json': { questions: questions.slice(0, 1) },
    'v2_OpenEnded_mscoco_test2015_questions.json': { questions: questions.toReversed() },
  });

  it('asks test-dev', async () => {
    expect(await rowsOf(vqav2, folder)).toMatchObject([
      { image: 'COCO_test2015_000000262148.jpg', text: `Where is he looking?\n${SHORT}` },
    ]);
  });

  it('submits all of test, empty where nothing was asked', async () => {
    const answers = await answersOf(parent, { question_id: 262148000, text: 'Down.' });
    expect(textOf(await vqav2.write!(folder, answers), 'vqav2-submission.json')).toBe(
      '[{"question_id": 1000, "answer": ""}, {"question_id": 262148000, "answer": "down"}]',
    );
  });

  it('submits the ids of the authors’ file', async () => {
    const other = dataFolder(parent, {
      'llava_vqav2_mscoco_test2015.jsonl': jsonLines({ question_id: 1000 }),
    });
    const answers = await answersOf(parent, { question_id: 1000, text: 'two' });
    expect(textOf(await vqav2.write!(other, answers), 'vqav2-submission.json')).toBe(
      '[{"question_id": 1000, "answer": "2"}]',
    );
  });

  it('scores the validation split by type', async () => {
    const val = dataFolder(parent, {
      'v2_OpenEnded_mscoco_val2014_questions.json': { questions },
      'v2_mscoco_val2014_annotations.json': {
        annotations: [
          {
            question_id: 262148000,
            answer_type: 'other',
            answers: people('down', 'down', 'at table', 'skate'),
          },
          { question_id: 1000, answer_type: 'yes/no', answers: people('yes', 'yes', 'yes', 'yes') },
        ],
      },
    });
    expect((await rowsOf(vqav2Val, val))[1]).toMatchObject({
      image: 'COCO_val2014_000000000001.jpg',
      text: `Is it? \n${SHORT}`,
    });
    const answers = await answersOf(
      parent,
      { question_id: 262148000, text: 'down' },
      { question_id: 1000, text: 'Yes' },
    );
    const { headline, figures } = await vqav2Val.score!(val, answers);
    expect(brief([headline, ...figures])).toEqual(['accuracy: 75', 'other: 50', 'yes/no: 100']);
  });
});
