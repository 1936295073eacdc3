import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { projectFile, runLlava } from '../helpers/run-llava.js';
import { temporaryFolder } from '../helpers/temporary-folder.js';

const folder = temporaryFolder();
const demo = (...args: string[]) => runLlava(['eval', 'demo', '--scenes', '2', ...args]);

describe('llava eval demo', () => {
  it('gives the same figures twice, and a page', async () => {
    const page = join(folder, 'page.html');
    const [first, second] = [await demo('--html', page), await demo()];
    expect(first.exitCode).toBe(0);
    expect(first.stdout).toMatch(/^Demo world, seed 0, 2 scenes: \d+ of \d+ right, 9\d\.\d % /);
    expect(first.stdout).toMatch(/BY FORMAT\n[^]*short +█+[^]*BY KIND\n[^]*color +█+/);
    expect(first.stdout).toBe(`${second.stdout}\nPage: ${page}\n`);
    expect(readFileSync(page, 'utf8')).toContain('<h1>Demo world, seed 0, 2 scenes</h1>');
  });

  it('lists what was wrong, with what would have been right', async () => {
    expect((await demo()).stdout).toMatch(/WRONG\nscene \d, \w+: .*\n {2}said {3}.*\n {2}right {2}.*\n/);
    const { stdout } = await demo('--json');
    const { all, wrong } = JSON.parse(stdout) as { all: { total: number; right: number }; wrong: object[] };
    expect(wrong).toHaveLength(all.total - all.right);
    for (const miss of wrong)
      expect(Object.keys(miss)).toEqual(
        expect.arrayContaining(['scene', 'format', 'question', 'answer', 'right']),
      );
  });

  it('is about the demo model unless the command line names another', async () => {
    const { exitCode } = await runLlava(['eval', 'demo', '--scenes', '1', '--misses', '0'], {
      env: { LLAVA_MODEL: '7b' },
    });
    expect(exitCode).toBe(0);
    expect((await demo('--model', '7b')).exitCode).toBe(4);
  });
});

describe('llava ask --draw', () => {
  const ask = (...args: string[]) => runLlava(['ask', '--format', 'box', 'the blue star', ...args]);
  const picture = projectFile('examples/shapes.png');

  it('writes the picture with the box of the answer', async () => {
    const path = join(folder, 'found.png');
    const { exitCode, stdout } = await ask(picture, '--draw', path, '--json');
    expect(exitCode).toBe(0);
    const { box, width, height } = JSON.parse(stdout) as { box: number[]; width: number; height: number };
    const { data, info } = await sharp(path).raw().toBuffer({ resolveWithObject: true });
    expect([info.width, info.height]).toEqual([width, height]);
    const middle = Math.round((box[1]! + box[3]!) / 2);
    expect([...data.subarray((middle * info.width + box[0]!) * info.channels).subarray(0, 3)]).toEqual([
      255, 45, 32,
    ]);
  });

  it('wants the box format and one picture', async () => {
    const several = await ask(picture, picture, '--draw', join(folder, 'x.png'));
    expect(several.stderr).toContain('--draw takes one picture, not 2');
    const short = await runLlava(['ask', '-f', 'short', 'x', picture, '--draw', join(folder, 'x.png')]);
    expect([short.exitCode, short.stderr]).toEqual([
      2,
      expect.stringContaining('--draw goes with --format box'),
    ]);
  });
});
