import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { dataFolder, jsonLines } from '../helpers/eval-folder.js';
import { runLlava } from '../helpers/run-llava.js';
import { writeBlueSquare, writeRedCircle } from '../helpers/scene-pictures.js';
import { temporaryFolder } from '../helpers/temporary-folder.js';

const parent = temporaryFolder();
const SHORT = 'Answer the question using a single word or phrase.';
const evaluate = (...args: string[]) => runLlava(['eval', ...args]);
const linesOf = (path: string) =>
  readFileSync(path, 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);

const popeLine = (id: number, image: string, thing: string, label: string) => ({
  question_id: id,
  image,
  text: `Is there a ${thing} in the image?`,
  label,
});
const popeFile = jsonLines(
  popeLine(1, 'circle.png', 'red circle', 'yes'),
  popeLine(2, 'circle.png', 'blue circle', 'no'),
);
const pope = dataFolder(parent, {
  'coco_pope_adversarial.json': popeFile,
  'coco_pope_random.json': popeFile,
  'coco_pope_popular.json': jsonLines(
    popeLine(1, 'square.png', 'blue square', 'yes'),
    popeLine(2, 'square.png', 'red star', 'no'),
  ),
});
const answers = join(parent, 'pope-answers.jsonl');

beforeAll(async () => {
  mkdirSync(join(pope, 'val2014'));
  await writeRedCircle(join(pope, 'val2014'));
  await writeBlueSquare(join(pope, 'val2014'));
});

describe('llava eval list', () => {
  it('says of each benchmark its files, their place, licence and published figures', async () => {
    const { exitCode, stdout } = await evaluate('list', 'scienceqa', 'pope');
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(
      /scienceqa +ScienceQA-IMG +llava +66\.8 +71\.6 +68\.4 +71\.2 +71\.0 +CC BY-NC-SA 4\.0/,
    );
    expect(stdout).toMatch(/coco\/coco_pope_random\.json .* https:\/\/github\.com\/AoiDragon\/POPE/);
    expect(stdout).toContain('published: random F1: 7B 87.3, 13B 87.1, 13B-HD 87.5');
    expect((await evaluate('list')).stdout).toContain('of a benchmark that it calls only "vqa on 5"');
    const all = JSON.parse((await evaluate('list', '--json')).stdout) as { name: string; files: unknown[] }[];
    expect(all.length).toBeGreaterThan(20);
    expect(all.every(({ files }) => files.length > 0)).toBe(true);
  });

  it('knows no other names', async () => {
    const run = await evaluate('list', 'poppe');
    expect(run.exitCode).toBe(2);
    expect(run.stderr).toMatch(/There is no benchmark "poppe".[^]*pope, mme/);
  });
});

describe('llava eval prepare', () => {
  it('writes the authors’ question file byte for byte', async () => {
    const { stdout } = await evaluate('prepare', 'pope', '--data', pope);
    expect(stdout.split('\n')[0]).toBe(
      `{"question_id": 1, "image": "circle.png", "text": "Is there a red circle in the image?\\n${SHORT}", "category": "adversarial"}`,
    );
    const path = join(parent, 'pope-questions.jsonl');
    const run = await evaluate('prepare', 'pope', '--data', pope, '-o', path);
    expect(run.stderr).toBe(`6 questions in ${path}\n`);
    expect(readFileSync(path, 'utf8')).toBe(stdout);
  });

  it('says which file is missing and where it is published', async () => {
    const run = await evaluate('prepare', 'gqa', '--data', parent);
    expect(run).toMatchObject({ exitCode: 2, stdout: '' });
    expect(run.stderr).toMatch(/has no "testdev_balanced_questions.json"[^]*try: Get .* from https:/);
  });
});

describe('llava eval run', () => {
  const run = (...args: string[]) => evaluate('run', 'pope', '--data', pope, '-o', answers, ...args);

  it('answers in the authors’ format, and scores', async () => {
    const { exitCode, stdout, stderr } = await run('--compare');
    expect([exitCode, stderr]).toEqual([0, '6 rows: 4 answered, 2 repeated; 2 pictures\n']);
    expect(stdout).toMatch(
      /^POPE: mean F1[^]*mean F1 +100\.00 % [^]*Published: [^]*mean F1 +7B +85\.9 +100\.00 % +\+14\.10/,
    );
    const rows = linesOf(answers);
    expect(rows.map((row) => row['question_id'])).toEqual([1, 2, 10000001, 10000002, 20000001, 20000002]);
    expect(Object.keys(rows[0]!)).toEqual([
      'question_id',
      'prompt',
      'text',
      'answer_id',
      'model_id',
      'metadata',
    ]);
    expect(rows[0]).toMatchObject({
      prompt: `Is there a red circle in the image?\n${SHORT}`,
      text: 'Yes',
      metadata: {},
    });
  });

  it('goes on without asking again, and never writes over answers', async () => {
    const before = readFileSync(answers, 'utf8');
    const again = await run();
    expect(again).toMatchObject({ exitCode: 2, stdout: '' });
    expect(again.stderr).toContain('already exists');
    const resumed = await run('--resume', '--json');
    expect(resumed.stderr).toBe('6 rows: 0 answered, 6 resumed; 0 pictures\n');
    expect(JSON.parse(resumed.stdout)).toMatchObject({
      benchmark: 'pope',
      sample: false,
      headline: { value: 100 },
    });
    expect(readFileSync(answers, 'utf8')).toBe(before);
  });

  it('takes a sample, says that it is one, and the larger one goes on from it', async () => {
    const path = join(parent, 'sample.jsonl');
    const sample = await evaluate('run', 'pope', '--data', pope, '-o', path, '--limit', '3');
    expect(sample.stdout).toContain('A sample of the questions: not the benchmark’s figure.');
    const few = linesOf(path);
    expect(few).toHaveLength(3);
    const more = await evaluate('run', 'pope', '--data', pope, '-o', path, '--limit', '5', '--resume');
    expect(more.stderr).toMatch(/^5 rows: \d answered.* resumed/);
    const ids = linesOf(path).map((row) => row['question_id']);
    expect(ids).toEqual(expect.arrayContaining(few.map((row) => row['question_id'])));
    const score = await evaluate('score', 'pope', '--data', pope, '--answers', path);
    expect(score.stderr).toMatch(/lacks 1 answers[^]*--sample/);
    expect((await evaluate('score', 'pope', '--data', pope, '--answers', path, '--sample')).exitCode).toBe(0);
  });

  it('does not score when pictures are missing', async () => {
    const folder = dataFolder(parent, {
      'coco_pope_adversarial.json': jsonLines(popeLine(1, 'none.jpg', 'dog', 'yes')),
      'coco_pope_random.json': popeFile,
      'coco_pope_popular.json': popeFile,
    });
    mkdirSync(join(folder, 'val2014'));
    await writeRedCircle(join(folder, 'val2014'));
    const path = join(parent, 'missing.jsonl');
    const { exitCode, stdout, stderr } = await evaluate('run', 'pope', '--data', folder, '-o', path);
    expect([exitCode, stdout]).toEqual([2, '']);
    expect(stderr).toMatch(/lacks 1 answers; the first is question "1"/);
    expect(linesOf(path)[0]).toMatchObject({ question_id: 1, error: { code: 'bad_picture' } });
  });

  it('leaves questions without a picture out, and says so', async () => {
    const item = (id: string, image?: string) => ({
      id,
      ...(image === undefined ? {} : { image }),
      conversations: [
        {
          from: 'human',
          value: `${image === undefined ? '' : '<image>\n'}What color is the circle?\nA. red\nB. blue`,
        },
        { from: 'gpt', value: 'A' },
      ],
    });
    const folder = dataFolder(parent, { 'llava_test_CQM-A.json': [item('1'), item('2', 'circle.png')] });
    mkdirSync(join(folder, 'test'));
    await writeRedCircle(join(folder, 'test'));
    const path = join(parent, 'scienceqa.jsonl');
    const { stdout, stderr } = await evaluate('run', 'scienceqa', '--data', folder, '-o', path);
    expect(stderr).toContain('1 questions have no picture and were not asked');
    expect(stdout).toMatch(/with picture +\d+\.00 % .*\/1\n[^]*no figure over all/);
    expect(linesOf(path)[0]!['prompt']).toMatch(/^<image>\nWhat color/);
  });

  it('keeps MMBench’s own fields in their order', async () => {
    const picture = readFileSync(join(pope, 'val2014/circle.png')).toString('base64');
    const folder = dataFolder(parent, {
      'mmbench_dev_20230712.tsv':
        'index\tquestion\thint\tA\tB\tanswer\tcategory\timage\n' +
        `7\tWhat color is it?\tnan\tred\tblue\tA\tattribute\t${picture}\n` +
        `1000007\tWhat color is it?\tnan\tblue\tred\tB\tattribute\t${picture}\n`,
    });
    const path = join(parent, 'mmbench.jsonl');
    const { stdout } = await evaluate(
      'run',
      'mmbench',
      '--data',
      folder,
      '-o',
      path,
      '--write',
      join(parent, 'mm'),
    );
    expect(stdout).toMatch(/circular .*\/1\n/);
    expect(existsSync(join(parent, 'mm/mmbench-submission.xlsx'))).toBe(true);
    const [row] = linesOf(path);
    expect(Object.keys(row!).slice(0, 6)).toEqual([
      'question_id',
      'round_id',
      'prompt',
      'text',
      'options',
      'option_char',
    ]);
    expect(row).toMatchObject({ prompt: 'What color is it?\nA. red\nB. blue', options: ['red', 'blue'] });
  });

  it('shows several pictures on one sheet', async () => {
    const folder = dataFolder(parent, {
      'mm-vet-v2.json': {
        v2_0: {
          question: 'Compare <IMG>circle.png<IMG> and <IMG>square.png',
          answer: 'red',
          capability: ['rec'],
        },
      },
    });
    mkdirSync(join(folder, 'images'));
    await writeRedCircle(join(folder, 'images'));
    await writeBlueSquare(join(folder, 'images'));
    const path = join(parent, 'vet2.jsonl');
    expect((await evaluate('run', 'mm-vet-v2', '--data', folder, '-o', path)).exitCode).toBe(0);
    expect(linesOf(path)[0]).toMatchObject({ question_id: 'v2_0', prompt: 'Compare<IMAGE>and<IMAGE>' });
  });
});
