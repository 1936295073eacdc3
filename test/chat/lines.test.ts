import { copyFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { runLlava } from '../helpers/run-llava.js';
import { writeBlueSquare, writeRedCircle } from '../helpers/scene-pictures.js';
import { temporaryFolder } from '../helpers/temporary-folder.js';

const folder = temporaryFolder();
const circle = await writeRedCircle(folder);
const square = await writeBlueSquare(folder);
const chat = (input: string, ...args: string[]) =>
  runLlava(['chat', ...args], { input, stdin: 'pipe', env: { XDG_DATA_HOME: join(folder, 'data') } });

describe('llava chat in a pipe', { timeout: 60_000 }, () => {
  it('prints just the answer', async () => {
    const run = await chat('What color is the circle?\n', circle);
    expect(run).toEqual({
      exitCode: 0,
      stdout: 'The circle is red.\n',
      stderr: expect.any(String) as string,
    });
    expect(run.stdout + run.stderr).not.toContain('\u001b');
  });

  it('does commands, switches pictures, and goes on after what fails', async () => {
    const lines = ['/format short', 'What color is the circle?', `/image ${square}`, '/image none.png'];
    const run = await chat(
      [...lines, 'What color is the square?', '/retry 5', '/exit', 'never asked'].join('\n'),
      circle,
    );
    expect(run).toMatchObject({ exitCode: 3, stdout: 'Red\nBlue\n' });
    expect(run.stderr).toMatch(/error: .*none\.png.*\n.*try:/);
    expect(run.stderr).toMatch(/error: "5" is not a temperature/);
  });

  it('answers the same question the same, alone and after another', async () => {
    const lines = [
      'Is there a square in the image?',
      '/each What color is the circle?',
      '/clear',
      'What color is the circle?',
    ];
    const { stdout } = await chat(lines.join('\n'), circle);
    const [, each, alone] = stdout.trimEnd().split('\n');
    expect(each).toBe(alone);
  });

  it('answers nothing without a picture', async () => {
    const run = await chat('What is this?\n');
    expect(run).toMatchObject({ exitCode: 3, stdout: '' });
    expect(run.stderr).toMatch(/error: There is no picture to ask about yet/);
  });

  it('shows no control sequence of a file’s name', async () => {
    const hostile = join(folder, 'a\u001b]0;owned\u0007\u001b[2Jb.png');
    copyFileSync(circle, hostile);
    const run = await chat('What color is the circle?\n', hostile);
    expect(run.stdout).toBe('The circle is red.\n');
    expect(run.stderr).not.toContain('\u001b');
  });

  it.each([
    ['a picture that is not there', ['none.png'], 2],
    ['a format that is none', [circle, '--format', 'long'], 2],
    ['a model that is none', [circle, '--model', 'none'], 2],
  ])('refuses %s', async (_, args, exitCode) => {
    const run = await chat('What is this?\n', ...args);
    expect(run.stdout).toBe('');
    expect(run.exitCode).toBe(exitCode);
  });
});
