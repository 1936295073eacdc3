import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { dataFolder, jsonLines } from '../helpers/eval-folder.js';
import { runLlava } from '../helpers/run-llava.js';
import { temporaryFolder } from '../helpers/temporary-folder.js';

const parent = temporaryFolder();
const evaluate = (...args: string[]) => runLlava(['eval', ...args]);
const THINGS = { adversarial: ['dog', 'cat'], random: ['dog', 'cup'], popular: ['dog', 'person'] };
const IDS = { adversarial: 0, random: 10_000_000, popular: 20_000_000 };
const popeFiles = (things: typeof THINGS) =>
  Object.fromEntries(
    Object.entries(things).map(([category, [one, two]]) => [
      `coco_pope_${category}.json`,
      jsonLines(
        { question_id: 1, image: 'a.jpg', text: `Is there a ${one!} in the image?`, label: 'yes' },
        { question_id: 2, image: 'a.jpg', text: `Is there a ${two!} in the image?`, label: 'no' },
      ),
    ]),
  );
const saidToPope = Object.entries(THINGS).flatMap(([category, things]) =>
  things.map((thing, index) => ({
    question_id: IDS[category as keyof typeof IDS] + index + 1,
    prompt: `Is there a ${thing} in the image?\nAnswer the question using a single word or phrase.`,
    text: index === 0 ? 'Yes' : 'No',
  })),
);
const pope = dataFolder(parent, { ...popeFiles(THINGS), 'said.jsonl': jsonLines(...saidToPope) });
const answers = join(pope, 'said.jsonl');

describe('llava eval score', () => {
  it('refuses answers to another revision', async () => {
    const other = dataFolder(parent, popeFiles({ ...THINGS, random: ['dog', 'couch'] }));
    const run = await evaluate('score', 'pope', '--data', other, '--answers', answers);
    expect(run.exitCode).toBe(2);
    expect(run.stderr).toMatch(
      /Question 10000002 was ".*cup.*" when it was answered and is ".*couch.*" in the random file/,
    );
  });

  it('lets the last of several answers count, and refuses when one is missing, as the authors’ script does', async () => {
    const twice = dataFolder(parent, {
      'a.jsonl': jsonLines({ ...saidToPope[1], text: 'Yes' }, ...saidToPope),
      'b.jsonl': jsonLines(...saidToPope.slice(1)),
      'c.jsonl': jsonLines({ question_id: 'v1_0', text: 'Yes' }),
      'd.jsonl': '{"question_id": 1, "text": 5}',
    });
    const score = (name: string) => evaluate('score', 'pope', '--data', pope, '--answers', join(twice, name));
    const { stdout } = await score('a.jsonl');
    expect(stdout).toMatch(
      /mean F1 +100\.00 %[^]*note: 1 answer to a question answered before: the last answer counts/,
    );
    expect((await score('b.jsonl')).stderr).toMatch(/lacks 1 answers; the first is question "1"/);
    expect((await score('c.jsonl')).stderr).toMatch(
      /No answer of .* belongs to this benchmark: it has question "v1_0"/,
    );
    expect((await score('d.jsonl')).stderr).toMatch(/d\.jsonl:1": field "text" is 5, not string/);
  });

  it('refuses a label file without a label', async () => {
    const broken = dataFolder(parent, {
      ...popeFiles(THINGS),
      'coco_pope_random.json': jsonLines({ question_id: 1, image: 'a.jpg', text: 'x' }),
    });
    const run = await evaluate('score', 'pope', '--data', broken, '--answers', answers);
    expect(run).toMatchObject({ exitCode: 2, stdout: '' });
    expect(run.stderr).toMatch(/coco_pope_random\.json:1": field "label" is missing/);
  });

  it('wants answers or reviews', async () => {
    expect((await evaluate('score', 'pope', '--data', pope)).stderr).toContain(
      'Nothing to score: give --answers or --reviews.',
    );
    expect((await evaluate('score', 'pope', '--data', pope, '--reviews', answers)).stderr).toContain(
      'is not scored by a judge',
    );
    expect(
      (await evaluate('score', 'pope', '--data', pope, '--answers', answers, '--write', parent)).stderr,
    ).toContain('no files for others');
  });

  it('says when files cannot be written', async () => {
    const folder = dataFolder(parent, {
      'test.json': [{ image: 'a.jpg', question: 'What is it?' }],
      'said.jsonl': jsonLines({ question_id: 0, text: 'x' }),
    });
    const said = join(folder, 'said.jsonl');
    const run = await evaluate(
      'score',
      'vizwiz',
      '--data',
      folder,
      '--answers',
      said,
      '--write',
      join(said, 'x'),
    );
    expect(run).toMatchObject({ exitCode: 2, stdout: '' });
    expect(run.stderr).toMatch(/The folder ".*x" cannot be created/);
  });

  it('writes the submission of what a server scores', async () => {
    const folder = dataFolder(parent, { 'test.json': [{ image: 'a.jpg', question: 'What is it?' }] });
    const path = join(folder, 'said.jsonl');
    const said = dataFolder(folder, {
      'said.jsonl': jsonLines({ question_id: 0, prompt: 'What is it?', text: 'A Can.' }),
    });
    const { exitCode, stdout } = await evaluate(
      'score',
      'vizwiz',
      '--data',
      folder,
      '--answers',
      join(said, 'said.jsonl'),
    );
    expect(exitCode).toBe(0);
    expect(existsSync(path)).toBe(false);
    expect(stdout).toMatch(/vizwiz-submission\.json +upload to https:\/\/eval\.ai/);
    expect(readFileSync(join(said, 'said-vizwiz/vizwiz-submission.json'), 'utf8')).toBe(
      '[{"image": "a.jpg", "answer": "can"}]',
    );
  });

  it('writes what a judge reads, and sums up what it said', async () => {
    const folder = dataFolder(parent, {
      'mm-vet.json': {
        v1_0: { imagename: 'a.jpg', question: 'What?', answer: 'x<OR>y', capability: ['ocr', 'math'] },
        v1_1: { imagename: 'b.jpg', question: 'Who?', answer: 'z', capability: ['rec'] },
      },
      'said.jsonl': jsonLines({ question_id: 0, text: 'x' }, { question_id: 1, text: 'w' }),
      'grades.json': { v1_0: { score: [1] }, v1_1: { score: [0.4] } },
    });
    const score = (...args: string[]) => evaluate('score', 'mm-vet', '--data', folder, ...args);
    const written = await score(
      '--answers',
      join(folder, 'said.jsonl'),
      '--write',
      join(folder, 'judge'),
      '--json',
    );
    expect(JSON.parse(written.stdout)).toMatchObject({
      scoredBy: 'judge',
      files: [{ name: 'mm-vet-results.json' }, {}],
    });
    expect(JSON.parse(written.stdout)).not.toHaveProperty('headline');
    expect(readFileSync(join(folder, 'judge/mm-vet-results.json'), 'utf8')).toBe(
      '{\n  "v1_0": "x",\n  "v1_1": "w"\n}',
    );
    const { stdout } = await score('--reviews', join(folder, 'grades.json'), '--compare');
    expect(stdout).toMatch(/total +70\.00 % [^]*ocr +100\.00 % [^]*total +13B +36\.1 +70\.00 % +\+33\.90/);
  });
});
