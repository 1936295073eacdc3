import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { runInTerminal } from '../helpers/run-in-terminal.js';
import { projectFile, runLlava } from '../helpers/run-llava.js';
import { writeRedCircle } from '../helpers/scene-pictures.js';
import { shapesHub } from '../helpers/shapes-hub.js';
import { temporaryFolder } from '../helpers/temporary-folder.js';

const folder = temporaryFolder();
const circle = await writeRedCircle(folder);
const { hub, machine } = await shapesHub(folder);
let env: Record<string, string> = {};
beforeEach(() => {
  env = machine();
});
const llava = (...args: string[]) => runLlava(args, { env });

describe('llava ask without weights', () => {
  it('is an error with the command, where nobody can be asked', async () => {
    const run = await llava('ask', 'What color is the circle?', circle);
    expect(run).toMatchObject({ exitCode: 4, stdout: '' });
    expect(run.stderr).toMatch(
      /^error: The weights "shapes" are not on this machine\.\ntry: llava pull shapes, .*\n$/,
    );
    expect(hub.requests).toEqual([]);
  });

  it('offers to download them on a terminal, and goes on after a yes', async () => {
    const run = await runInTerminal(['ask', 'What color is the circle?', circle], env, { '[y/N]': 'y\r' });
    expect(run.output).toMatch(/size +6\.3 MB to download, [\d.]+ [GT]B free/);
    expect(run.output).toMatch(/licence +MIT \(https/);
    expect(run.output).toMatch(/The circle is red\.\s*$/);
    expect(run.exitCode).toBe(0);
  });

  it('takes Enter for a no', async () => {
    const run = await runInTerminal(['ask', 'What color is the circle?', circle], env, { '[y/N]': '\r' });
    expect(run.output).toMatch(/try: llava pull shapes/);
    expect(run.exitCode).toBe(4);
    expect(hub.requests).toEqual([]);
  });

  it('takes Ctrl-C for the end', async () => {
    const run = await runInTerminal(['ask', 'What color is the circle?', circle], env, { '[y/N]': '\u0003' });
    expect(run.exitCode).toBe(130);
  });

  it('does not offer gigabytes for a picture that is none', async () => {
    const text = join(folder, 'text.jpg');
    writeFileSync(text, 'hello');
    const run = await runInTerminal(['ask', 'What color is the circle?', text], env, { '[y/N]': 'y\r' });
    expect(run.exitCode).toBe(2);
    expect(run.output).not.toContain('[y/N]');
  });

  it('takes a folder of the two files instead', async () => {
    const args = ['ask', '--gguf', projectFile('models/demo'), 'What color is the circle?', circle];
    expect(await llava(...args)).toEqual({ exitCode: 0, stdout: 'The circle is red.\n', stderr: '' });
  });
});
