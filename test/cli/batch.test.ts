import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { describe, expect, it } from 'vitest';
import { LLAVA, projectFile, runLlava, TEST_ENVIRONMENT } from '../helpers/run-llava.js';
import { writeBlueSquare, writeRedCircle } from '../helpers/scene-pictures.js';
import { temporaryFolder } from '../helpers/temporary-folder.js';

const folder = temporaryFolder();
await writeRedCircle(folder);
await writeBlueSquare(folder);
const QUESTIONS = [
  'Describe the image.',
  'How many objects are in the image?',
  'Is there a circle in the image?',
];
let files = 0;
const rows = (lines: readonly unknown[]) => {
  const path = join(folder, `rows-${files++}.jsonl`);
  writeFileSync(
    path,
    lines.map((line) => `${typeof line === 'string' ? line : JSON.stringify(line)}\n`).join(''),
  );
  return path;
};
const parse = (text: string) =>
  text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
/** Pictures take turns, so that rows about one picture are apart. */
const mixed = QUESTIONS.flatMap((question, id) =>
  ['circle.png', 'square.png'].map((image) => ({ id: `${id}-${image}`, image, question, format: 'short' })),
);
const batch = (...args: string[]) => runLlava(['batch', '--image-folder', folder, ...args]);

describe('llava batch', () => {
  it('answers each row as ask does, in order, each picture once', async () => {
    const run = await batch(rows(mixed));
    expect(run).toMatchObject({ exitCode: 0, stderr: '6 rows: 6 answered; 2 pictures\n' });
    const answered = parse(run.stdout);
    expect(answered.map(({ id }) => id)).toEqual(mixed.map(({ id }) => id));
    for (const { image, question, answer } of answered) {
      const ask = await runLlava(['ask', '-f', 'short', String(question), join(folder, String(image))]);
      expect(`${String(answer)}\n`).toBe(ask.stdout);
    }
  });

  it('makes errors rows, goes on, and ends with 3', async () => {
    const run = await batch(rows(['{oops', { image: 'none.png', question: 'x' }, mixed[0]]));
    expect(run).toMatchObject({ exitCode: 3, stderr: '3 rows: 1 answered, 2 failed; 1 pictures\n' });
    expect(parse(run.stdout)).toMatchObject([
      { error: { code: 'bad_json', line: 1 } },
      { image: 'none.png', error: { code: 'bad_picture', line: 2 } },
      { id: mixed[0]!.id, answer: expect.any(String) as string },
    ]);
    expect((await batch(rows(['{oops', mixed[0]]), '--fail-fast')).stderr).toMatch(/too many failed\n$/);
  });

  it('reads stdin, and takes a reader that leaves for success', async () => {
    const input = readFileSync(rows(mixed));
    const child = execa(process.execPath, [LLAVA, 'batch', '--image-folder', folder], {
      input,
      reject: false,
      env: TEST_ENVIRONMENT,
      buffer: false,
    });
    child.stdout.once('data', () => child.stdout.destroy());
    expect((await child).exitCode).toBe(0);
  });

  it('goes on after a kill, and asks nothing twice', async () => {
    const output = join(folder, 'killed.jsonl');
    const many = Array.from({ length: 300 }, (_, row) => ({
      row,
      image: row % 2 === 0 ? 'circle.png' : 'square.png',
      question: `What color is object ${row % 150}?`,
    }));
    const input = rows(many);
    const args = [LLAVA, 'batch', '--image-folder', folder, input, '-o', output, '--resume'];
    const child = execa(process.execPath, args, { reject: false, env: TEST_ENVIRONMENT });
    while (linesOf(output) < 20) await new Promise((resolve) => setTimeout(resolve, 10));
    child.kill('SIGKILL');
    await child;
    const before = linesOf(output);
    const rest = await batch(input, '-o', output, '--resume');
    expect(rest.exitCode).toBe(0);
    const resumed = Number(/(\d+) resumed/.exec(rest.stderr)?.[1]);
    expect(resumed).toBeGreaterThanOrEqual(before - 1);
    expect(parse(readFileSync(output, 'utf8')).map(({ row }) => row)).toEqual(many.map(({ row }) => row));
    const again = await batch(input, '-o', output, '--resume');
    expect(again.stderr).toMatch(/^300 rows: 0 answered.* 0 pictures\n$/);
  }, 120_000);

  it('leaves an output alone that is there', async () => {
    const output = rows(['precious']);
    const run = await batch(rows(mixed), '-o', output);
    expect(run).toMatchObject({ exitCode: 2, stdout: '' });
    expect(run.stderr).toMatch(/^error: .*already exists\.\ntry: .*--resume.*--overwrite\n$/);
    expect(readFileSync(output, 'utf8')).toBe('precious\n');
  });

  it('checks all without weights', async () => {
    const run = await batch(rows([...mixed, mixed[0], { image: 'none.png', question: 'x' }]), '--dry-run');
    expect(run.exitCode).toBe(3);
    expect(JSON.parse(run.stdout)).toMatchObject({
      rows: 8,
      distinctPictures: 2,
      duplicates: 1,
      errors: { bad_picture: 1 },
    });
    expect(run.stderr).toMatch(/^line 8: bad_picture: Picture ".*none\.png" does not exist\.\n$/);
  });

  it.each([
    ['a missing file of rows', ['none.jsonl'], /none\.jsonl/],
    ['a shard that is none', ['--shard', '3/2'], /such as 2\/8/],
    ['a number of shards alone', ['--shards', '8'], /does not say which of the parts/],
    ['no scheduler to ask', ['--shard', 'auto'], /finds no variables of Slurm/],
    ['both ways of going on', ['--resume', '--overwrite'], /cannot be used with/],
    [
      'an output that is the input',
      [projectFile('examples/questions.jsonl'), '-o', projectFile('examples/questions.jsonl'), '--resume'],
      /is also the input/,
    ],
  ])('%s is a mistake of the command line', async (_, args, says) => {
    const run = await batch(...args);
    expect(run).toMatchObject({ exitCode: 2, stdout: '' });
    expect(run.stderr).toMatch(says);
  });

  it('refuses addresses unless they are allowed, and private ones even then', async () => {
    const input = rows([{ image: 'http://127.0.0.1:9/a.png', question: 'x' }]);
    expect((await batch(input)).stdout).toContain('"url_refused"');
    expect((await batch(input, '--allow-urls')).stdout).toContain('"private_address"');
  });
});

function linesOf(path: string): number {
  try {
    return readFileSync(path, 'utf8').split('\n').length - 1;
  } catch {
    return 0;
  }
}
