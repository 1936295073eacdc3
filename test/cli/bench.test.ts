import { describe, expect, it } from 'vitest';
import { runLlava } from '../helpers/run-llava.js';

const small = ['--model', 'demo', '--runs', '1', '--pictures', '2', '--questions', '1', '--tokens', '3'];

describe('llava bench', () => {
  it('measures every kind of work, and tells programs all values', async () => {
    const { exitCode, stdout } = await runLlava(['bench', ...small, '--demo-rows', '30', '--json']);
    expect(exitCode).toBe(0);
    const { figures } = JSON.parse(stdout) as { figures: { llava: Record<string, number[]> } };
    expect(Object.keys(figures.llava)).toEqual(
      expect.arrayContaining([
        'start-up, s',
        'one question, s',
        'encode, s',
        'evaluate the picture, s',
        'outside llama.cpp, s',
        'again, features kept, s',
        'again, prefix kept, s',
        'evaluate 144 image tokens, s',
        '1 question on each of 2 pictures, s',
        'chat, first word of turn 2, s',
        'demo model, rows a second',
      ]),
    );
    for (const [figure, values] of Object.entries(figures.llava)) {
      expect(values, figure).toHaveLength(1);
      expect(values[0], figure).toBeGreaterThan(0);
    }
  });

  it('tells people the same as a table', async () => {
    const { exitCode, stdout } = await runLlava(['bench', ...small, '--only', 'start']);
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/^ +llava\nstart-up, s +0\.\d\d\n$/);
  });

  it.each([
    ['--only', 'twice', '"twice" is not a kind of work to measure.'],
    ['--mtmd-cli', '/nowhere/cli', 'There is no program at "/nowhere/cli".'],
    ['--server', 'README.md', 'There is no program at "README.md".'],
    ['--questions', '0', "argument '0' is invalid"],
  ])('refuses %s %s before it measures', async (option, value, message) => {
    const { exitCode, stdout, stderr } = await runLlava(['bench', ...small, option, value]);
    expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' });
    expect(stderr).toContain(message);
  });
});
