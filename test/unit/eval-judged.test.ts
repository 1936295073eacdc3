import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { benchlmm } from '../../src/eval/benchmarks/benchlmm.js';
import { llavaBench } from '../../src/eval/benchmarks/llava-bench.js';
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

describe('LLaVA-Bench (in the Wild)', () => {
  const folder = dataFolder(parent, {
    'questions.jsonl': jsonLines(
      { question_id: 0, image: '001.jpg', text: 'What is it?', category: 'conv' },
      { question_id: 1, image: '001.jpg', text: 'Describe it.', category: 'detail' },
    ),
    'context.jsonl': jsonLines({ id: '001', image: '001.jpg', caption: ['A hill.', 'By the sea.'] }),
    'answers_gpt4.jsonl': jsonLines(
      { question_id: 0, prompt: '', text: 'Diamond Head.', answer_id: 'r0' },
      { question_id: 1, prompt: '', text: 'A crater.', answer_id: 'r1' },
    ),
  });

  it('asks the question alone', async () => {
    expect((await rowsOf(llavaBench, folder))[1]).toMatchObject({
      questionId: 1,
      text: 'Describe it.',
      picture: join(folder, 'images/001.jpg'),
    });
  });

  it('writes what the judge is asked, the reference first', async () => {
    const answers = await answersOf(
      parent,
      { question_id: 1, text: 'mine 1' },
      { question_id: 0, text: 'mine 0' },
    );
    const [first] = requests(textOf(await llavaBench.write!(folder, answers), 'llava-bench-judge.jsonl'));
    expect(first).toMatchObject({
      id: 1,
      question_id: 0,
      answer1_id: 'r0',
      category: 'llava_bench_conv',
      model: 'gpt-4-0314',
      temperature: 0.2,
      max_tokens: 1024,
    });
    const content = first!.messages[1]!.content;
    expect(content).toMatch(
      /^\[Context\]\nA hill\.\nBy the sea\.\n\n\[Question\]\nWhat is it\?\n\n\[Assistant 1\]\nDiamond Head\.\n\n\[End of Assistant 1\]\n\n\[Assistant 2\]\nmine 0\n\n\[End of Assistant 2\]\n\n\[System\]\nWe would like/,
    );
    expect(content).toMatch(/does not affect your judgment\.\n\n$/);
  });

  it('summarises the runs of a judge', async () => {
    const review = (question_id: number, category: string, content: string) => ({
      question_id,
      category: `llava_bench_${category}`,
      content,
    });
    const reviews = dataFolder(parent, {
      'eval1.jsonl': jsonLines(review(0, 'conv', '8 6\nwhy'), review(1, 'detail', '10 9')),
      'eval2.jsonl': jsonLines(review(0, 'conv', '8 8'), { ...review(1, 'detail', ''), tuple: [10, 10] }),
    });
    const paths = ['eval1.jsonl', 'eval2.jsonl'].map((name) => join(reviews, name));
    const { headline, figures, notes } = await llavaBench.summarise!(folder, paths);
    expect(headline.value).toBeCloseTo((100 * 7.5) / 9 / 2 + 50, 10);
    expect(brief(figures)).toEqual(['conv: 87.5', 'detail: 95']);
    expect(notes).toEqual(['Runs of the judge: 83.3, 100.0.']);
  });

  it('never scores what no judge has read', async () => {
    const reviews = dataFolder(parent, {
      'r.jsonl': jsonLines({ question_id: 0, category: 'llava_bench_conv' }),
    });
    await expect(llavaBench.summarise!(folder, [join(reviews, 'r.jsonl')])).rejects.toThrow('has no review');
    expect('score' in llavaBench).toBe(false);
  });
});

describe('BenchLMM', () => {
  const folder = dataFolder(parent, {
    'jsonl/Benchmark_AD.jsonl': jsonLines({
      question_id: 0,
      image: 'clear/a.jpg',
      text: 'Q: What?',
      answer: 'A: None',
    }),
    'jsonl/Benchmark_game.jsonl': jsonLines({
      question_id: 0,
      image: 'm.png',
      text: 'Which? (A) x',
      answer: '(A) x',
    }),
  });

  it('asks as it stands, the kind in front of the id', async () => {
    expect(await rowsOf(benchlmm, folder)).toMatchObject([
      { questionId: 'AD/0', text: 'Q: What?', picture: join(folder, 'images/AD/clear/a.jpg') },
      { questionId: 'game/0', picture: join(folder, 'images/open_game/m.png') },
    ]);
  });

  it('writes what its scripts read, and the mean of what they wrote', async () => {
    const answers = await answersOf(
      parent,
      { question_id: 'AD/0', text: 'None' },
      { question_id: 'game/0', text: '(A)' },
    );
    const files = await benchlmm.write!(folder, answers);
    expect(textOf(files, 'answers_Benchmark_AD.jsonl')).toBe(
      '{"question_id":0,"prompt":"Q: What?","model_output":"None"}\n',
    );
    expect(textOf(files, 'answers_Benchmark_game.json')).toBe('[{"index":0,"model_output":"(A)"}]');
    const scores = dataFolder(parent, {
      'answers_Benchmark_AD_evaluate.json': jsonLines(
        { question_id: 0, model_response: 0.5 },
        { model_response: 1 },
      ),
      'answers_Benchmark_game_evaluate.json': [
        { average_action_score: 1 },
        { action_score: 1 },
        { action_score: 0 },
      ],
    });
    const { headline, figures } = await benchlmm.summarise!(
      folder,
      ['AD', 'game'].map((kind) => join(scores, `answers_Benchmark_${kind}_evaluate.json`)),
    );
    expect(brief([headline, ...figures])).toEqual(['mean: 62.5', 'AD: 75', 'game: 50']);
  });
});
