import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { runLlava } from '../helpers/run-llava.js';
import { writeBlueSquare, writeRedCircle } from '../helpers/scene-pictures.js';
import { temporaryFolder } from '../helpers/temporary-folder.js';

const folder = temporaryFolder();
const circle = await writeRedCircle(folder);
const square = await writeBlueSquare(folder);

describe('llava features', () => {
  it('writes float32 [tokens, width] that depend on the picture', async () => {
    const [a, b] = [join(folder, 'a.npy'), join(folder, 'b.npy')];
    expect(await runLlava(['features', circle, '-o', a])).toEqual({ exitCode: 0, stdout: '', stderr: '' });
    await runLlava(['features', square, '-o', b]);
    expect(readFileSync(a).subarray(10, 128).toString('latin1')).toMatch(/'<f4'.*'shape': \(64, \d+\)/);
    expect(readFileSync(a)).not.toEqual(readFileSync(b));
  });

  it('writes the same bytes to stdout', async () => {
    const path = join(folder, 'c.npy');
    await runLlava(['features', circle, '-o', path]);
    const run = await runLlava(['features', circle, '-o', '-'], { encoding: 'latin1' });
    expect(run.stdout).toBe(readFileSync(path, 'latin1'));
  });

  it('leaves the old file and no half of a new one when it cannot write', async () => {
    const directory = join(folder, 'directory.npy');
    mkdirSync(directory);
    writeFileSync(join(directory, 'kept'), '');
    const run = await runLlava(['features', circle, '-o', directory]);
    expect(run).toMatchObject({ exitCode: 2, stdout: '' });
    expect(run.stderr).toMatch(/^error: .*directory\.npy.*\ntry: .*\n$/);
    expect(existsSync(join(directory, 'kept'))).toBe(true);
    expect(readdirSync(folder).filter((name) => name.endsWith('.part'))).toEqual([]);
  });

  it('needs to know where to write', async () => {
    const run = await runLlava(['features', circle]);
    expect(run).toMatchObject({ exitCode: 2, stdout: '' });
    expect(run.stderr).toContain('--output');
  });
});
