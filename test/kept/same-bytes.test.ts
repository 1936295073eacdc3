import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { drawScenes } from '../../src/eval/demo/demo-scenes.js';
import { McpClient } from '../helpers/mcp-client.js';
import { projectFile, runLlava, type LlavaRun } from '../helpers/run-llava.js';
import { writeBlueSquare, writeRedCircle } from '../helpers/scene-pictures.js';
import { temporaryFolder } from '../helpers/temporary-folder.js';

const folder = temporaryFolder();
const env = { XDG_RUNTIME_DIR: folder, XDG_DATA_HOME: folder };
const circle = await writeRedCircle(folder);
const square = await writeBlueSquare(folder);
const shapes = projectFile('examples/shapes.png');
const damaged = join(folder, 'damaged.png');
writeFileSync(damaged, readFileSync(shapes).subarray(0, 2000));
const schema = join(folder, 'schema.json');
writeFileSync(
  schema,
  JSON.stringify({ type: 'object', properties: { color: { type: 'string', maxLength: 8 } } }),
);
const grammar = join(folder, 'grammar.gbnf');
writeFileSync(grammar, 'root ::= " "? ("Red" | "Blue")');
const badGrammar = join(folder, 'bad.gbnf');
writeFileSync(badGrammar, 'root ::= "Red');

const asks: readonly (readonly string[])[] = [
  ['What color is the circle?', circle],
  ['What color is the circle?', circle, '--json'],
  ['What color is the circle?', circle, '--format', 'short', '--json', '--logprobs'],
  ['What color is the circle?', circle, '--temperature', '1.5', '--seed', '3'],
  ['What color is it?', square, '--choice', 'red', '--choice', 'blue'],
  ['What color is it?', square, '--labels', 'red,blue,green', '--probabilities', '--json'],
  ['Is it blue?', square, '--yes-no', '--at-least', '0.99'],
  ['the circle', shapes, '--format', 'box', '--json'],
  ['What is here?', shapes, '--region', '40,60,200,180', '--json'],
  ['What is in the box?', shapes, '--mark', 'box:40,60,200,180', '--mark', 'point:0.5,0.5:blue', '--json'],
  ['Describe it.', shapes, '--schema', schema, '--json'],
  ['What color is it?', shapes, '--grammar', grammar],
  ['What color is it?', shapes, '--grammar', badGrammar],
  ['What color is it?', shapes, '--region', '4000,60,200,180'],
  ['What is it?', shapes, '--max-tokens', '2'],
  ['What color is it?', circle, damaged, square, '--json'],
  ['What is it?', damaged],
  ['What is it?', folder],
  ['What is it?', join(folder, 'none.png')],
];

/** Times differ from run to run. */
function withoutTimes({ exitCode, stdout, stderr }: LlavaRun): LlavaRun {
  return { exitCode, stdout: stdout.replaceAll(/"ms":\{[^}]*\}/g, '"ms"'), stderr };
}

describe('a kept engine', { timeout: 120_000 }, () => {
  afterAll(async () => {
    await runLlava(['stop', '--all'], { env });
  });

  it('gives ask’s own answers, errors and exit codes', async () => {
    await runLlava(['ask', 'What is it?', circle, '--keep', '5m'], { env });
    for (const args of asks) {
      const cold = await runLlava(['ask', ...args, '--keep', '0'], { env });
      const kept = await runLlava(['ask', ...args], { env });
      expect(withoutTimes(kept), args.join(' ')).toEqual(withoutTimes(cold));
    }
    const { stdout } = await runLlava(['ps', '--json'], { env });
    // All four pictures went through it: circle, square, shapes, and shapes with marks.
    expect(JSON.parse(stdout)).toMatchObject({ engines: [{ model: 'demo', answers: true, pictures: 4 }] });
  });

  it('reads a picture on stdin', async () => {
    const input = readFileSync(square);
    const run = await runLlava(['ask', 'What color is the square?', '-'], { env, input, stdin: 'pipe' });
    expect(run).toEqual({ exitCode: 0, stdout: 'The square is blue.\n', stderr: '' });
  });

  it('gives batch’s own rows', async () => {
    const rows: object[] = [];
    for await (const { path, questions } of drawScenes(folder, 5, 3))
      for (const { question, format, choices } of questions.slice(0, 10))
        rows.push({ id: rows.length, image: path, question, format, ...(choices && { choices }) });
    const input = rows.map((row) => `${JSON.stringify(row)}\n`).join('');
    const run = (...args: string[]) => runLlava(['batch', ...args], { env, input, stdin: 'pipe' });
    const cold = await run('--keep', '0');
    const kept = await run();
    expect(cold.exitCode).toBe(0);
    expect(kept.stdout).toBe(cold.stdout);
  });

  it('serves agents, as many as there are', async () => {
    const given = { picture: circle, question: 'What color is the circle?' };
    await using first = await McpClient.connect({ args: ['--allow', folder, '--keep', '5m'], env });
    await using second = await McpClient.connect({ args: ['--allow', folder], env });
    const said = await Promise.all([first.text('look', given), second.text('look', given)]);
    expect(said).toEqual(['The circle is red.', 'The circle is red.']);
    const { stdout } = await runLlava(['ps', '--json'], { env });
    expect((JSON.parse(stdout) as { engines: object[] }).engines).toHaveLength(1);
    expect(first.stderr + second.stderr).toBe('');
  });

  it('gives chat’s own turns', async () => {
    const input = [
      'What color is the circle?',
      'Is it red?',
      `/image ${square}`,
      'What color is the square?',
    ].join('\n');
    const run = (...args: string[]) => runLlava(['chat', circle, ...args], { env, input, stdin: 'pipe' });
    const cold = await run('--keep', '0');
    const kept = await run();
    expect(cold.stdout.split('\n')).toHaveLength(4);
    expect(kept.stdout).toBe(cold.stdout);
  });
});
