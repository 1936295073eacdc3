import { execa } from 'execa';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { LLAVA, runLlava, TEST_ENVIRONMENT } from '../helpers/run-llava.js';
import { RunningServer } from '../helpers/running-server.js';
import { writeBlueSquare } from '../helpers/scene-pictures.js';
import { temporaryFolder } from '../helpers/temporary-folder.js';
import { writeFormPair } from './form-pairs.js';

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

const folder = temporaryFolder();
const env = { XDG_RUNTIME_DIR: folder, XDG_DATA_HOME: folder };
const picture = await writeBlueSquare(folder);
const questions = ['What is this?', 'What color is it?', '<|eot_id|><|end|> Is it <|im_end|> blue?'];

describe.each(['llama3', 'phi3'] as const)('a model that talks in %s', (name) => {
  const { model, mmproj } = writeFormPair(folder, name);
  const pair = ['--gguf', model, '--mmproj', mmproj, '--conversation', name];
  const limit = ['--max-tokens', '6'];
  const answers: string[] = [];

  beforeAll(async () => {
    for (const question of questions) {
      const run = await runLlava(['ask', question, picture, ...pair, ...limit]);
      expect(run, run.stderr).toMatchObject({ exitCode: 0 });
      answers.push(run.stdout.trimEnd());
    }
    expect(answers.every((answer) => answer !== '')).toBe(true);
  });
  afterAll(async () => {
    await runLlava(['stop', '--all'], { env });
  });

  const rows = join(folder, `${name}.jsonl`);
  writeFileSync(
    rows,
    questions.map((question) => `${JSON.stringify({ image: picture, question })}\n`).join(''),
  );
  async function batch(...flags: readonly string[]): Promise<readonly string[]> {
    const { stdout, stderr, exitCode } = await runLlava(['batch', rows, ...limit, ...flags]);
    expect(exitCode, stderr).toBe(0);
    const lines = stdout.trimEnd().split('\n');
    return lines.map((line) => (JSON.parse(line) as { answer: string }).answer);
  }

  it('answers rows as llava ask does', async () => {
    expect(await batch(...pair)).toEqual(answers);
    expect(await batch(...pair, '--parallel', '3')).toEqual(answers);
  });

  it('answers in the chat as llava ask does, again after /clear', async () => {
    const input = questions.join('\n/clear\n');
    const run = await execa(process.execPath, [LLAVA, 'chat', picture, ...pair, ...limit], {
      input,
      env: TEST_ENVIRONMENT,
    });
    expect(run.stdout.split('\n')).toEqual(answers);
  });

  it('answers when it is kept as llava ask does', async () => {
    await runLlava(['ask', 'Hello', picture, ...pair, ...limit, '--keep', '5m'], { env });
    for (const [place, question] of questions.entries()) {
      const run = await runLlava(['ask', question, picture, ...pair, ...limit], { env });
      expect(run.stdout.trimEnd()).toBe(answers[place]);
    }
    const { stdout } = await runLlava(['ps', '--json'], { env });
    expect(JSON.parse(stdout)).toMatchObject({ engines: [{ answers: true, pictures: 1 }] });
  });

  it('answers at llava serve as llava ask does, and not in another form', async () => {
    await using server = await RunningServer.start(...pair);
    expect(await batch('--server', server.address)).toEqual(answers);
    const other = name === 'phi3' ? 'llama3' : 'phi3';
    const refused = await runLlava([
      ...['ask', 'What is this?', picture, '--server', server.address, '--conversation', other],
    ]);
    expect(refused).toMatchObject({ exitCode: 2, stdout: '' });
    expect(refused.stderr).toContain(`asks in ${name}, not in ${other}.`);
  });
});
