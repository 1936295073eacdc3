import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { mmVetV2 } from '../../src/eval/benchmarks/mm-vet-v2.js';
import { mmVet } from '../../src/eval/benchmarks/mm-vet.js';
import { vipBench, vipBenchCoordinates } from '../../src/eval/benchmarks/vip-bench.js';
import { answersOf, brief, dataFolder, jsonLines, rowsOf, textOf } from '../helpers/eval-folder.js';
import { temporaryFolder } from '../helpers/temporary-folder.js';

const parent = temporaryFolder();

interface Request {
  readonly id: string | number;
  readonly model: string;
  readonly messages: readonly { readonly role: string; readonly content: string }[];
}
const requests = (text: string) =>
  text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Request);

describe('MM-Vet', () => {
  const folder = dataFolder(parent, {
    'mm-vet.json': {
      v1_0: {
        imagename: 'v1_0.png',
        question: 'What is x?',
        answer: '-1<AND>-5',
        capability: ['ocr', 'math'],
      },
      v1_1: { imagename: 'v1_1.png', question: 'Who?', answer: 'he<OR>she', capability: ['rec'] },
    },
  });

  it('asks the question alone and writes results and requests', async () => {
    expect((await rowsOf(mmVet, folder))[0]).toMatchObject({
      questionId: 0,
      image: 'v1_0.png',
      text: 'What is x?',
    });
    const answers = await answersOf(
      parent,
      { question_id: 0, text: 'x = -1' },
      { question_id: 1, text: 'she' },
    );
    const files = await mmVet.write!(folder, answers);
    expect(JSON.parse(textOf(files, 'mm-vet-results.json'))).toEqual({ v1_0: 'x = -1', v1_1: 'she' });
    const [first] = requests(textOf(files, 'mm-vet-judge.jsonl'));
    expect(first).toMatchObject({ id: 'v1_0', model: 'gpt-4-0613', temperature: 0, max_tokens: 3 });
    const lines = first!.messages[0]!.content.split('\n');
    expect(lines.slice(2, 5)).toEqual([
      'Question | Ground truth | Prediction | Correctness',
      '--- | --- | --- | ---',
      'What is x in the equation? | -1 <AND> -5 | x = 3 | 0.0',
    ]);
    expect(lines.slice(11)).toEqual(['', 'What is x? | -1 <AND> -5 | x = -1 | ']);
  });

  it('summarises grades by capability', async () => {
    const grades = dataFolder(parent, {
      'grades.json': {
        v1_0: { model: ['gpt-4-0613', ''], content: ['0.5', '0.7'], score: [0.5, 0.7] },
        v1_1: { model: ['', ''], content: ['1.0', '1.0'], score: [1, 1] },
      },
    });
    const { headline, figures, notes } = await mmVet.summarise!(folder, [join(grades, 'grades.json')]);
    expect(brief([headline, ...figures])).toEqual(['total: 80', 'ocr: 60', 'math: 60', 'rec: 100']);
    expect(notes[0]).toBe('Runs of the judge: 75.0, 85.0; deviation 5.0.');
    const partial = dataFolder(parent, { 'grades.json': { v1_0: { score: [0.5] } } });
    await expect(mmVet.summarise!(folder, [join(partial, 'grades.json')])).rejects.toThrow(
      'no grade for question "v1_1"',
    );
  });
});

describe('MM-Vet v2', () => {
  const folder = dataFolder(parent, {
    'mm-vet-v2.json': {
      v2_0: {
        question: 'Is <IMG>v2_0_0.jpg<IMG> before\n<IMG>v2_0_1.png<IMG>?',
        answer: 'no<OR>never',
        capability: ['seq'],
      },
    },
  });

  it('takes the pictures out of the words', async () => {
    expect(await rowsOf(mmVetV2, folder)).toMatchObject([
      {
        questionId: 'v2_0',
        image: 'v2_0_0.jpg',
        pictures: [join(folder, 'images/v2_0_0.jpg'), join(folder, 'images/v2_0_1.png')],
        text: 'Is<IMAGE>before<IMAGE>?',
      },
    ]);
  });

  it('asks the judge with <image> and <br>', async () => {
    const answers = await answersOf(parent, { question_id: 'v2_0', text: 'no\nway' });
    const [first] = requests(textOf(await mmVetV2.write!(folder, answers), 'mm-vet-v2-judge.jsonl'));
    const content = first!.messages[0]!.content;
    expect(content.split('\n').at(-1)).toBe('| Is <image> before<br><image>? | no <OR> never | no<br>way | ');
    expect(content).toContain('| What is x in the equation?<image> | -1 <AND> -5 | x = 3 | 0.0 |');
  });
});

describe('ViP-Bench', () => {
  const meta = {
    image_source: 'v1_1.png',
    image: 'v1_1_0.png',
    question: 'What is in <obj>, beside <obj1>?',
    answer: '0.75<OR>3/4',
    capability: ['ocr'],
  };
  const folder = dataFolder(parent, {
    'vip-bench-meta-data.json': { v1_0: meta },
    'bbox/questions.jsonl': jsonLines({
      question_id: 0,
      image: 'v1_1_0.png',
      text: 'What is within the red rectangle?',
      category: 'default',
    }),
    'source_image/v1_1.json': {
      imageWidth: 100,
      imageHeight: 50,
      shapes: [
        {
          label: 'obj',
          shape_type: 'rectangle',
          points: [
            [60, 40],
            [10, 0],
          ],
        },
        {
          label: 'obj1',
          shape_type: 'polygon',
          points: [
            [0, 0],
            [50, 25],
            [0, 50],
          ],
        },
      ],
    },
  });

  it('asks with drawn boxes, or with boxes on the padded square in the text', async () => {
    expect((await rowsOf(vipBench, folder))[0]).toMatchObject({
      text: 'What is within the red rectangle?',
      picture: join(folder, 'bbox/images/v1_1_0.png'),
    });
    expect((await rowsOf(vipBenchCoordinates, folder))[0]).toMatchObject({
      text: 'What is in [0.1, 0.25, 0.6, 0.65], beside [0.0, 0.25, 0.5, 0.75]?',
      picture: join(folder, 'source_image/v1_1.png'),
    });
  });

  it('shows the judge the question that was asked', async () => {
    const answers = await answersOf(parent, { question_id: 0, text: '3/4' });
    const [first] = requests(textOf(await vipBench.write!(folder, answers), 'vip-bench-judge.jsonl'));
    const content = first!.messages[0]!.content;
    expect(content).toContain('equation within the orange rectangle? | -1 <AND> -5 | x = -1 or x = -5 | 1.0');
    expect(content.split('\n').at(-1)).toBe('What is within the red rectangle? | 0.75 <OR> 3/4 | 3/4 | ');
  });
});
