import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { expect, it } from 'vitest';
import { writeDemoCheckpoint } from '../helpers/demo-checkpoint.js';
import { LLAVA, runLlava, TEST_ENVIRONMENT } from '../helpers/run-llava.js';
import { temporaryFolder } from '../helpers/temporary-folder.js';
import { Seeded } from '../reference/seeded.js';

const KILLS = 20;

/** Names and SHA-256 of the files in a folder. */
function contents(folder: string): readonly (readonly [string, string])[] {
  const names = readdirSync(folder).sort();
  return names.map((name) => [
    name,
    createHash('sha256')
      .update(readFileSync(join(folder, name)))
      .digest('hex'),
  ]);
}

it('a conversion that is killed at twenty random moments goes on to the same files', async () => {
  const folder = temporaryFolder();
  const checkpoint = writeDemoCheckpoint(folder);
  const args = (output: string) => [
    'convert',
    checkpoint,
    '-o',
    output,
    '--type',
    'q4_k_m',
    '--threads',
    '1',
  ];
  const whole = join(folder, 'whole');
  const start = performance.now();
  expect(await runLlava(args(whole))).toMatchObject({ exitCode: 0 });
  const wholeMs = performance.now() - start;
  const output = join(folder, 'killed');
  const moments = new Seeded(2025);
  let finished = 0;
  for (let life = 0; life < KILLS; life++) {
    const child = execa(process.execPath, [LLAVA, ...args(output)], { reject: false, env: TEST_ENVIRONMENT });
    const timer = setTimeout(() => child.kill('SIGKILL'), moments.next() * wholeMs);
    const { exitCode, signal } = await child;
    clearTimeout(timer);
    expect(exitCode === 0 || signal === 'SIGKILL').toBe(true);
    // Killed behind its last step, it is done as well.
    const isDone = existsSync(output) && !existsSync(join(output, '.convert'));
    if (exitCode === 0) expect(isDone).toBe(true);
    if (!isDone) continue;
    // It was quicker than its end: what it wrote is right, and the next one begins anew.
    expect(contents(output)).toEqual(contents(whole));
    rmSync(output, { recursive: true });
    finished++;
  }
  expect(finished).toBeLessThan(KILLS);
  await runLlava([...args(output), '--force']);
  expect(contents(output)).toEqual(contents(whole));
}, 300_000);
