import { describe, expect, it } from 'vitest';
import { demoPage } from '../../src/eval/demo/demo-page.js';
import { demoScenes, type DemoScene } from '../../src/eval/demo/demo-scenes.js';
import { demoResult, judge } from '../../src/eval/demo/demo-result.js';
import { formatBars } from '../../src/terminal/bar-chart.js';

async function scenesOf(seed: number, count: number): Promise<DemoScene[]> {
  const scenes: DemoScene[] = [];
  for await (const scene of demoScenes(seed, count)) scenes.push(scene);
  return scenes;
}

const [scene] = await scenesOf(3, 1);
const answers = scene!.questions.map((question) => judge(scene!, question, question.answer));
const HOSTILE = '</td><script>alert("1")</script>\'&\u001b[31m';

describe('scenes of a seed', () => {
  it('are the same each time and others than of the next seed', async () => {
    const [one, again, other] = await Promise.all([scenesOf(3, 2), scenesOf(3, 2), scenesOf(4, 2)]);
    expect(again).toEqual(one);
    expect(other[0]!.questions).not.toEqual(one[0]!.questions);
    expect((await scenesOf(2 ** 32 - 1, 1))[0]!.questions.length).toBeGreaterThan(0);
  });
});

describe('the result', () => {
  it('is right for right answers, by format and kind', () => {
    const { all, formats, kinds, wrong } = demoResult(answers);
    expect(all).toMatchObject({ value: 100, total: answers.length, right: answers.length });
    expect(formats.reduce((sum, { total }) => sum + total, 0)).toBe(answers.length);
    expect(kinds.reduce((sum, { total }) => sum + total, 0)).toBe(answers.length);
    expect(wrong).toEqual([]);
  });

  it('wants the very words, and half of a box', () => {
    const short = scene!.questions.find(({ format }) => format === 'short')!;
    expect(judge(scene!, short, short.answer.toLowerCase()).isRight).toBe(false);
    const box = { ...short, format: 'box', answer: '[0.2, 0.2, 0.4, 0.4]' } as const;
    expect(judge(scene!, box, '[0.21, 0.2, 0.41, 0.4]').isRight).toBe(true);
    expect(judge(scene!, box, '[0.3, 0.3, 0.5, 0.5]').isRight).toBe(false);
    expect(judge(scene!, box, 'none').isRight).toBe(false);
  });
});

it('makes a page of its own on which answers are text', async () => {
  const hostile = [
    ...answers,
    judge(scene!, { ...scene!.questions[0]!, question: HOSTILE, answer: 'x' }, HOSTILE),
  ];
  const page = await demoPage({ seed: 3, scenes: 1 }, demoResult(hostile), hostile);
  expect(page).not.toContain('<script');
  expect(page).toContain('&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt;&#39;&amp;');
  expect(page).not.toMatch(/(?:src|href)="(?!data:)/);
  expect(page.match(/<img /g)!.length).toBe(
    1 + answers.filter(({ question }) => question.format === 'box').length,
  );
});

it('draws bars to an eighth of a column', () => {
  expect(
    formatBars(
      [
        { name: 'all', share: 1, note: 'a' },
        { name: 'half', share: 0.5, note: 'b' },
        { name: 'none', share: 0, note: 'c' },
      ],
      5,
    ),
  ).toBe('all   █████  a\nhalf  ██▌    b\nnone         c\n');
});
