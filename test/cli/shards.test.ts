import { execa } from 'execa';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { LLAVA, runLlava, TEST_ENVIRONMENT } from '../helpers/run-llava.js';
import { writeBlueSquare, writeRedCircle } from '../helpers/scene-pictures.js';
import { temporaryFolder } from '../helpers/temporary-folder.js';

const folder = temporaryFolder();
await writeRedCircle(folder);
await writeBlueSquare(folder);
const rows = ['Describe the image.', 'How many objects are in the image?', 'Is there a circle?']
  .flatMap((question) => ['circle.png', 'square.png'].map((image) => ({ image, question, format: 'short' })))
  .map((row, id) => `${JSON.stringify({ id, ...row })}\n`);
const input = join(folder, 'questions.jsonl');
writeFileSync(input, rows.join(''));
const batch = (args: readonly string[], env: Record<string, string> = {}) =>
  runLlava(['batch', '--image-folder', folder, ...args], { env, cwd: folder });
const whole = (await batch([input])).stdout;

describe('shards', () => {
  const output = join(folder, 'answers.jsonl');
  const merge = () => runLlava(['batch', 'merge', input, join(folder, 'answers.*-of-3.jsonl')]);

  it('tell themselves by their pod, and merge by a pattern into what one run writes', async () => {
    const pod = { LLAVA_SHARDS: '3' };
    const runs = await Promise.all([
      batch([input, '-o', output, '--shard', 'auto'], { ...pod, JOB_COMPLETION_INDEX: '0' }),
      batch([input, '-o', output, '--shard', 'auto'], { ...pod, JOB_COMPLETION_INDEX: '1' }),
      batch([input, '-o', join(folder, 'answers.3-of-3.jsonl'), '--shard', '3/3']),
    ]);
    expect(runs.map(({ exitCode }) => exitCode)).toEqual([0, 0, 0]);
    expect(runs[0].stderr).toMatch(/^shard 1 of 3, by Kubernetes: "\S+\/answers\.1-of-3\.jsonl"\n\d rows/);
    expect(await merge()).toMatchObject({ exitCode: 0, stdout: whole, stderr: '' });
  });

  it('that are missing are named', async () => {
    rmSync(join(folder, 'answers.2-of-3.jsonl'));
    expect(await merge()).toMatchObject({
      exitCode: 2,
      stdout: '',
      stderr: expect.stringMatching(
        /^error: 1 of 3 parts is missing: "\S+answers\.2-of-3\.jsonl"\.\ntry: .*--shard 2\/3\n$/,
      ) as string,
    });
  });

  it('of an unknown number are refused', async () => {
    expect(await batch([input, '--shard', 'auto'], { JOB_COMPLETION_INDEX: '0' })).toMatchObject({
      exitCode: 2,
      stdout: '',
      stderr: expect.stringMatching(
        /^error: Kubernetes’s .*unknown number.*\ntry: .*--shards 8\n$/,
      ) as string,
    });
  });

  it('also name their journals when answers go to stdout', async () => {
    const args = [input, '--shard', 'auto', '--journal', join(folder, 'kept.journal')];
    const run = await batch(args, { RANK: '0', WORLD_SIZE: '1' });
    expect(run).toMatchObject({ exitCode: 0, stdout: whole });
    expect(readFileSync(join(folder, 'kept.1-of-1.journal'), 'utf8').split('\n').length).toBeGreaterThan(6);
  });
});

describe('a batch that its scheduler ends', () => {
  it.each(['SIGTERM', 'SIGUSR1'] as const)(
    'on %s keeps its answers, asks to be resumed, and is',
    async (signal) => {
      const output = join(folder, `${signal}.jsonl`);
      const args = ['batch', '--image-folder', folder, '-o', output, '--resume', '-'];
      const child = execa(process.execPath, [LLAVA, ...args], { reject: false, env: TEST_ENVIRONMENT });
      // The rest of the rows does not come, so that the end comes in the middle.
      child.stdin.write(rows.slice(0, 4).join(''));
      while (linesOf(output) < 4) await setTimeout(10);
      child.kill(signal);
      const { exitCode, stderr } = await child;
      expect({ exitCode, stderr }).toEqual({
        exitCode: 75,
        stderr: '4 rows: 4 answered; 2 pictures; interrupted',
      });
      const resumed = await batch([input, '-o', output, '--resume']);
      expect(resumed).toMatchObject({ exitCode: 0, stderr: expect.stringContaining('4 resumed') as string });
      expect(readFileSync(output, 'utf8')).toBe(whole);
    },
  );
});

function linesOf(path: string): number {
  try {
    return readFileSync(path, 'utf8').split('\n').length - 1;
  } catch {
    return 0;
  }
}
