import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { expect, it } from 'vitest';
import { LLAVA, runLlava, TEST_ENVIRONMENT } from '../helpers/run-llava.js';
import { temporaryFolder } from '../helpers/temporary-folder.js';
import { Seeded } from '../reference/seeded.js';
import { readRows, writeRows } from './batch-files.js';
import { writeDemoRows } from './demo-rows.js';

/* The real command and engine, killed again and again. `LLAVA_TEST_KILLS=50` kills more often. */

const KILLS = Number(process.env['LLAVA_TEST_KILLS'] ?? 10);
const folder = temporaryFolder();

it(
  `writes what an undisturbed run does after ${KILLS} kills`,
  async () => {
    const { imageFolder, rows } = await writeDemoRows(folder, 10 + 4 * KILLS, 5);
    const input = writeRows(join(folder, 'in.jsonl'), rows);
    const output = join(folder, 'out.jsonl');
    const args = ['batch', input, '-o', output, '--resume', '--image-folder', imageFolder];
    const moments = new Seeded(7);
    let killedAtWork = 0;
    for (let life = 0; life < KILLS; life++) {
      const before = linesOf(`${output}.journal`);
      const child = execa(process.execPath, [LLAVA, ...args], { reject: false, env: TEST_ENVIRONMENT });
      // Some lives end while the weights are loaded, most while rows are answered.
      const whole = life % 5 === 0 ? 0 : 1;
      while (child.exitCode === null && linesOf(`${output}.journal`) < before + whole) await pause(5);
      await pause(moments.next() * 300);
      child.kill('SIGKILL');
      await child;
      if (linesOf(`${output}.journal`) > before) killedAtWork++;
    }
    expect(killedAtWork).toBeGreaterThan(KILLS / 2);
    const last = await runLlava(args);
    expect(last).toMatchObject({ exitCode: 0 });
    expect(last.stderr).toMatch(/ [1-9]\d* answered, [1-9]\d* resumed/);

    const undisturbed = join(folder, 'undisturbed.jsonl');
    await runLlava(['batch', input, '-o', undisturbed, '--image-folder', imageFolder]);
    expect(readFileSync(output, 'utf8')).toBe(readFileSync(undisturbed, 'utf8'));
    expect(readRows(output).map(({ id }) => id)).toEqual(rows.map(({ id }) => id));
  },
  60_000 + KILLS * 20_000,
);

function linesOf(path: string): number {
  return existsSync(path) ? readFileSync(path, 'utf8').split('\n').length - 1 : 0;
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
