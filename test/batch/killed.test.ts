import { execa } from 'execa';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { projectFile } from '../helpers/run-llava.js';
import { temporaryFolder } from '../helpers/temporary-folder.js';
import { Seeded } from '../reference/seeded.js';
import { mixedRows, readRows, writePictures, writeRows } from './batch-files.js';
import { runJob } from './run-job.js';

const folder = temporaryFolder();
const pictures = { imageFolder: await writePictures(folder, 20) };
const input = writeRows(join(folder, 'in.jsonl'), mixedRows(300, 20));
const whole = join(folder, 'whole.jsonl');
const { engine: reference } = await runJob({ input, output: whole, pictures });

function start(setup: object, limit = '') {
  const script = projectFile('test/batch/run-child.ts');
  const node = `${limit}exec "${process.execPath}" --import tsx "${script}" "$1"`;
  return execa('bash', ['-c', node, 'bash', JSON.stringify({ input, pictures, ...setup })], {
    reject: false,
    cwd: projectFile('.'),
  });
}

/** Starts the batch again and again, each life cut short at a random moment, and lets the last one finish. */
async function killAndResume(name: string, seed: number, kills: number, delayMs: number): Promise<string[]> {
  const output = join(folder, `${name}.jsonl`);
  const log = join(folder, `${name}.log`);
  const moments = new Seeded(seed);
  for (let life = 0; ; life++) {
    const child = start({ output, log, existing: 'resume', delayMs: life < kills ? delayMs : 0 });
    if (life < kills) {
      await once(child.stdout, 'data');
      setTimeout(() => child.kill('SIGKILL'), moments.next() * 250);
      expect(await child).toMatchObject({ signal: 'SIGKILL' });
    } else {
      expect(await child).toMatchObject({ exitCode: 0, stderr: '' });
      expect(readFileSync(output, 'utf8')).toBe(readFileSync(whole, 'utf8'));
      return readFileSync(log, 'utf8').split('\n').slice(0, -1);
    }
  }
}

describe('a batch that is killed', () => {
  it.concurrent.each([
    ['in small steps', 1, 30, 40],
    ['quickly', 4, 25, 15],
  ])('loses nothing and asks nothing twice: %s', { timeout: 240_000 }, async (name, seed, kills, delayMs) => {
    const asked = await killAndResume(name, seed, kills, delayMs);
    expect(new Set(asked).size).toBe(reference.asked.length);
    // Questions that are being asked when the process dies are asked again; no others are.
    expect(asked.length).toBeLessThanOrEqual(reference.asked.length + kills * reference.parallel);
  });
});

describe('a disk that fills up', () => {
  it.each([4, 16, 40, 64])('stops the batch at %i KiB a file, and resuming ends it', async (blocks) => {
    const output = join(folder, `full-${blocks}.jsonl`);
    const log = join(folder, `full-${blocks}.log`);
    const full = await start({ output, log }, `ulimit -f ${blocks}; `);
    expect(full.stderr).toMatch(/^ExpectedError: ".*" cannot be written: files cannot be that large here\.$/);
    expect(full.exitCode).toBe(1);
    expect(existsSync(`${output}.journal`)).toBe(true);
    const before = readFileSync(log, 'utf8').split('\n').length - 1;
    expect(before).toBeGreaterThan(0);
    expect(await start({ output, log, existing: 'resume' })).toMatchObject({ exitCode: 0 });
    expect(readFileSync(output, 'utf8')).toBe(readFileSync(whole, 'utf8'));
    const asked = readFileSync(log, 'utf8').split('\n').slice(0, -1);
    expect(asked.length).toBeLessThanOrEqual(reference.asked.length + reference.parallel);
    expect(readRows(output)).toHaveLength(300);
  });
});
