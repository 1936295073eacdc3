import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { infimmEval } from '../../src/eval/benchmarks/infimm-eval.js';
import { spatialbotBench } from '../../src/eval/benchmarks/spatialbot-bench.js';
import { answersOf, brief, dataFolder, rowsOf, textOf } from '../helpers/eval-folder.js';
import { temporaryFolder } from '../helpers/temporary-folder.js';

const parent = temporaryFolder();

describe('InfiMM-Eval', () => {
  const item = (question: string, category: string, complexity: string, ...images: string[]) => ({
    'Image path': images,
    Question: question,
    Category: category,
    'Counter-intuitve': null,
    Complexity: complexity,
  });
  const folder = dataFolder(parent, {
    'core-mm-wo-answer.json': {
      0: item('Why?', 'Deductive', 'Moderate', 'a.png'),
      1: item('Which?', 'Analogical', 'High', 'b.png', 'c.png'),
    },
    'grades.json': { 0: 1, 1: 0.25 },
    'few.json': { 0: 1 },
  });

  it('asks the bare question, of several pictures as well', async () => {
    const rows = await rowsOf(infimmEval, folder);
    expect(rows.map(({ questionId, text, pictures }) => [questionId, text, pictures?.length])).toEqual([
      ['0', 'Why?', undefined],
      ['1', 'Which?', 2],
    ]);
  });

  it('writes what its authors grade', async () => {
    const answers = await answersOf(parent, { question_id: '0', text: 'x' }, { question_id: '1', text: 'y' });
    expect(textOf(await infimmEval.write!(folder, answers), 'infimm-eval-answers.json')).toBe(
      '{\n  "0": "x",\n  "1": "y"\n}',
    );
  });

  it('counts high complexity twice, and wants every grade', async () => {
    const { headline, figures } = await infimmEval.summarise!(folder, [join(folder, 'grades.json')]);
    expect(brief([headline, ...figures])).toEqual([
      'overall: 50',
      'Deductive: 100',
      'Analogical: 25',
      'moderate: 100',
      'high: 25',
    ]);
    await expect(infimmEval.summarise!(folder, [join(folder, 'few.json')])).rejects.toThrow(
      'no grade for question "1"',
    );
    const sample = await infimmEval.summarise!(folder, [join(folder, 'few.json')], true);
    expect(sample.headline).toMatchObject({ value: 100, total: 1 });
  });
});

describe('SpatialBench of SpatialBot', () => {
  const item = (question: string, answer: string | number) => ({ image: 'x/1.jpg', question, answer });
  const folder = dataFolder(parent, {
    'positional.json': [item('Left or right?', 'left'), item('Above?', 'Yes')],
    'existence.json': [
      item('A dog?', 'Yes'),
      item('A cat?', 'No'),
      item('A cup?', 'Yes'),
      item('A car?', 'No'),
    ],
    'size.json': [item('Larger?', 'Yes'), item('Smaller?', 'No')],
    'counting.json': [item('How many?', 4), item('How many?', '2')],
  });

  it('asks what there is, picture by picture', async () => {
    const rows = await rowsOf(spatialbotBench, folder);
    expect(rows).toHaveLength(10);
    expect(rows[0]).toMatchObject({
      questionId: 'positional/0',
      text: 'Left or right?',
      picture: join(folder, 'x/1.jpg'),
    });
    expect(
      rows.filter(({ category }) => category === 'existence').map((row) => spatialbotBench.unitOf!(row)),
    ).toEqual(['existence/0', 'existence/0', 'existence/1', 'existence/1']);
  });

  it('scores each task by its own rule', async () => {
    const said = {
      positional: ['on the left', 'yes'],
      existence: ['Yes', 'No', 'Yes', 'Yes'],
      size: ['Yes', 'Yes'],
      counting: ['3', 'two'],
    };
    const all = Object.entries(said).flatMap(([task, texts]) =>
      texts.map((text, index) => ({ question_id: `${task}/${index}`, text })),
    );
    const { headline, figures, notes } = await spatialbotBench.score!(
      folder,
      await answersOf(parent, ...all),
    );
    expect(brief([headline, ...figures])).toEqual([
      'positional: 1/2',
      'existence: 1/2',
      'size: 33.3333',
      'counting: 37.5',
    ]);
    expect(notes.join()).toContain('1 answer without a whole number to a counting question');
  });
});
