import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { drawScenes } from '../../src/eval/demo/demo-scenes.js';
import { projectFile, runLlava } from '../helpers/run-llava.js';
import { RunningServer } from '../helpers/running-server.js';
import { writeBlueSquare, writeRedCircle } from '../helpers/scene-pictures.js';
import { temporaryFolder } from '../helpers/temporary-folder.js';

const folder = temporaryFolder();
const circle = await writeRedCircle(folder);
const square = await writeBlueSquare(folder);
const shapes = projectFile('examples/shapes.png');
const key = 'a-key-of-more-than-16-letters';
const keyFile = join(folder, 'key.txt');
writeFileSync(keyFile, `${key}\n`);

let server: RunningServer;
let there: readonly string[];

beforeAll(async () => {
  server = await RunningServer.start('--parallel', '2', '--api-key-file', keyFile);
  there = ['--server', server.address, '--server-key-file', keyFile];
});

afterAll(async () => {
  await server[Symbol.asyncDispose]();
});

/** Where an answer came from, and how long it took, is all that may differ. */
function withoutPlace(text: string): string {
  return text.replaceAll(/"ms":\{[^}]*\}/g, '"ms"').replaceAll(/"device":"\w+"/g, '"device"');
}

describe('an engine at llava serve', { timeout: 120_000 }, () => {
  it.each([
    [['What color is the circle?', circle]],
    [['What color is the circle?', circle, '--json', '--logprobs', '--format', 'short']],
    [['What color is it?', square, '--labels', 'red,blue,green', '--probabilities', '--json']],
    [['the circle', shapes, '--format', 'box', '--json', '--image-tokens', '40']],
    [['What color is it?', circle, join(folder, 'none.png'), square]],
    [['What color is it?', shapes, '--region', '4000,60,200,180']],
  ])('gives ask’s own answers, errors and exit codes: %s', async (args) => {
    const here = await runLlava(['ask', ...args]);
    const asked = await runLlava(['ask', ...args, ...there]);
    expect({ ...asked, stdout: withoutPlace(asked.stdout) }).toEqual({
      ...here,
      stdout: withoutPlace(here.stdout),
    });
  });

  it('gives batch’s own rows, whatever they ask for', async () => {
    const rows: object[] = [];
    for await (const { path, questions } of drawScenes(folder, 5, 3))
      for (const { question, format, choices } of questions.slice(0, 12))
        rows.push({ image: path, question, format, ...(choices && { choices }) });
    rows.push(
      { image: circle, question: 'What color is it?', labels: ['red', 'blue'], probabilities: true },
      { image: circle, question: 'Is it red?', yes_no: true, logprobs: true },
      { image: square, question: 'What color is it?', schema: { enum: ['Blue', 'Red'] } },
      { image: square, question: 'What color is it?', grammar: 'root ::= "Green"' },
      { image: square, question: 'What color is it?', grammar: 'root ::= "Gre' },
      { image: square, question: 'What is it?', temperature: 1.2, seed: 7 },
      { image: square, question: 'Where is </s>?', max_tokens: 3 },
      { image: square, question: 'word '.repeat(3000) },
    );
    const input = rows.map((row, id) => `${JSON.stringify({ id, ...row })}\n`).join('');
    const here = await runLlava(['batch'], { input, stdin: 'pipe' });
    const asked = await runLlava(['batch', '--verify', '5', ...there], { input, stdin: 'pipe' });
    expect(asked.stdout.split('\n')).toHaveLength(rows.length + 1);
    expect(withoutPlace(asked.stdout)).toBe(withoutPlace(here.stdout));
    expect(asked.stderr).toContain('5 of 5 answers that were asked for twice are the same.');
  });

  it('gives chat’s own turns', async () => {
    const input = ['What color is the circle?', 'Is it red?', `/image ${square}`, 'What is it?'].join('\n');
    const here = await runLlava(['chat', circle], { input, stdin: 'pipe' });
    const asked = await runLlava(['chat', circle, ...there], { input, stdin: 'pipe' });
    expect(asked.stdout.split('\n')).toHaveLength(4);
    expect(asked).toEqual(here);
  });

  it('takes turns with a second one', async () => {
    await using second = await RunningServer.start('--api-key-file', keyFile);
    const input = `${JSON.stringify({ image: circle, question: 'What color is the circle?' })}\n`;
    const run = await runLlava(['batch', ...there, '--server', `${second.address}/v1`], {
      input,
      stdin: 'pipe',
    });
    expect(JSON.parse(run.stdout)).toMatchObject({ answer: 'The circle is red.' });
  });

  it('is refused without its key', async () => {
    const run = await runLlava(['ask', 'What is it?', circle, '--server', server.address]);
    expect(run).toMatchObject({ exitCode: 4, stdout: '' });
    expect(run.stderr).toContain('answered with status 401');
    expect(run.stderr).toContain('--server-key-file');
  });
});
