import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { runLlava } from '../helpers/run-llava.js';
import { writeBlueSquare, writeRedCircle } from '../helpers/scene-pictures.js';
import { temporaryFolder } from '../helpers/temporary-folder.js';

const folder = temporaryFolder();
const circle = await writeRedCircle(folder);
const square = await writeBlueSquare(folder);

describe('llava ask', () => {
  it('answers one picture on stdout and says nothing else', async () => {
    const run = await runLlava(['ask', 'What color is the circle?', circle]);
    expect(run).toEqual({ exitCode: 0, stdout: 'The circle is red.\n', stderr: '' });
  });

  it('takes a response format', async () => {
    const run = await runLlava(['ask', '--format', 'short', 'What color is the circle?', circle]);
    expect(run).toEqual({ exitCode: 0, stdout: 'Red\n', stderr: '' });
  });

  it('takes choices and answers with a letter', async () => {
    const choices = ['--choice', 'green', '--choice', 'red', '--choice', 'blue'];
    const run = await runLlava(['ask', 'What color is the circle?', circle, ...choices]);
    expect(run).toEqual({ exitCode: 0, stdout: 'B\n', stderr: '' });
  });

  it('reads a picture on stdin', async () => {
    const run = await runLlava(['ask', '--format', 'short', 'What color is the square?', '-'], {
      stdin: 'pipe',
      input: readFileSync(square),
    });
    expect(run).toEqual({ exitCode: 0, stdout: 'Blue\n', stderr: '' });
  });

  it('writes path and answer for several pictures, in order', async () => {
    const run = await runLlava(['ask', '-f', 'short', 'How many objects are in the image?', circle, square]);
    expect(run).toEqual({ exitCode: 0, stdout: `${circle}\tOne\n${square}\tOne\n`, stderr: '' });
  });

  it('goes on after a bad picture among several, and ends with 3', async () => {
    const run = await runLlava(['ask', '-f', 'short', 'What color is the square?', 'none.png', square]);
    expect(run.exitCode).toBe(3);
    expect(run.stdout).toBe(`${square}\tBlue\n`);
    expect(run.stderr).toMatch(/^error: .*none\.png.*\ntry: .*\n$/);
  });

  it('gives the same answers alone and among others, whatever the order', async () => {
    const question = ['ask', 'Describe the image.'];
    const [alone, among, turned] = await Promise.all([
      runLlava([...question, square]),
      runLlava([...question, circle, square]),
      runLlava([...question, square, circle]),
    ]);
    expect(among.stdout).toContain(`${square}\t${alone.stdout}`);
    expect(turned.stdout).toContain(`${square}\t${alone.stdout}`);
  });
});

describe('llava ask --json', () => {
  it('writes one object a picture', async () => {
    const run = await runLlava(['ask', '--json', '-f', 'short', 'What color is the circle?', circle]);
    const record = JSON.parse(run.stdout) as Record<string, unknown>;
    expect(record).toMatchObject({
      picture: circle,
      question: 'What color is the circle?',
      format: 'short',
      answer: 'Red',
      stop: 'end',
      model: 'demo',
      width: 300,
      height: 300,
      tokens: { image: 64 },
    });
    expect(run.stdout.split('\n')).toHaveLength(2);
  });

  it('reads letters and boxes back', async () => {
    const letter = await runLlava([
      'ask',
      '--json',
      'What color is the circle?',
      circle,
      '--choice',
      'red',
      '--choice',
      'blue',
    ]);
    expect(JSON.parse(letter.stdout)).toMatchObject({ format: 'letter', letter: 'A', choice: 'red' });
    const found = await runLlava(['ask', '--json', '-f', 'box', 'the red circle', circle]);
    const { box } = JSON.parse(found.stdout) as { box: number[] };
    for (const [side, edge] of [105, 105, 195, 195].entries())
      expect(Math.abs(box[side]! - edge)).toBeLessThan(15);
  });

  it('has a row for a picture that failed', async () => {
    const run = await runLlava([
      'ask',
      '--json',
      '-f',
      'short',
      'What color is the square?',
      'none.png',
      square,
    ]);
    const rows = run.stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(run.exitCode).toBe(3);
    expect(rows[0]).toMatchObject({ picture: 'none.png', error: { kind: 'input' } });
    expect(rows[1]).toMatchObject({ picture: square, answer: 'Blue' });
  });
});

describe('llava ask --exit-status', () => {
  const ask = (question: string) => runLlava(['ask', '--exit-status', '-f', 'short', question, circle]);

  it('is 0 for yes and 1 for no', async () => {
    const yes = await ask('Is there a red circle in the image?');
    const no = await ask('Is there a blue star in the image?');
    expect([yes.stdout, yes.exitCode]).toEqual(['Yes\n', 0]);
    expect([no.stdout, no.exitCode]).toEqual(['No\n', 1]);
  });

  it('says so when the answer is neither', async () => {
    const run = await ask('What color is the circle?');
    expect([run.stdout, run.exitCode]).toEqual(['Red\n', 2]);
    expect(run.stderr).toContain('"Red" is neither yes nor no');
  });
});

describe('llava ask, other options', () => {
  it('writes --stats to stderr', async () => {
    const run = await runLlava(['ask', '--stats', '-f', 'short', 'What color is the circle?', circle]);
    expect(run.stdout).toBe('Red\n');
    expect(run.stderr).toMatch(/64 image tokens.*encode .* ms.*answer \d+ tokens/);
  });

  it('cuts at --max-tokens, with a warning', async () => {
    const run = await runLlava(['ask', '--max-tokens', '2', 'Describe the image.', circle]);
    expect(run.exitCode).toBe(0);
    expect(run.stderr).toMatch(/^warning: .*max-tokens\) after 2 tokens/);
  });

  it('repeats a sampled answer with the same seed', async () => {
    const args = ['ask', '--temperature', '2', '--seed', '7', 'Describe the image.', circle, square];
    const [first, second] = await Promise.all([runLlava(args), runLlava(args)]);
    expect(first.stdout).toBe(second.stdout);
  });

  it('shows help and versions without loading anything', async () => {
    expect((await runLlava(['ask', '--help'])).stdout).toContain('Examples:');
    expect((await runLlava(['--version'])).stdout).toMatch(
      /^llava \S+ \(node-llama-cpp 3\.22\.1, llama\.cpp v0\.5\.0\)\n$/,
    );
  });
});
