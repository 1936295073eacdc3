import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { runLlava } from '../helpers/run-llava.js';
import { writeBlueSquare, writeRedCircle } from '../helpers/scene-pictures.js';
import { temporaryFolder } from '../helpers/temporary-folder.js';

const folder = temporaryFolder();
const circle = await writeRedCircle(folder);
const square = await writeBlueSquare(folder);
const ask = (...args: string[]) => runLlava(['ask', 'What color is the circle?', circle, ...args]);

interface Told {
  readonly answer: string;
  readonly probabilities?: readonly { choice: string; probability: number; logLikelihood: number }[];
  readonly logprobs?: readonly { text: string; logProbability: number }[];
}

describe('an answer out of several', () => {
  it('is one of the labels, as it was given', async () => {
    expect((await ask('--labels', 'red,green,blue')).stdout).toBe('red\n');
    expect((await ask('--labels', 'purple,green,blue')).stdout).toMatch(/^(purple|green|blue)\n$/);
    const file = join(folder, 'labels.txt');
    writeFileSync(file, '\ufeffgreen\r\nred\r\n\r\nblue');
    expect((await ask('--labels-file', file)).stdout).toBe('red\n');
  });

  it('comes with probabilities that sum to 1, and is the most probable', async () => {
    for (const normalise of ['none', 'length']) {
      const run = await ask('--labels', 'red,green,dark blue', '--json', '--normalise', normalise);
      const { answer, probabilities = [] } = JSON.parse(run.stdout) as Told;
      expect(probabilities.map(({ choice }) => choice)).toEqual(['red', 'green', 'dark blue']);
      expect(probabilities.reduce((sum, { probability }) => sum + probability, 0)).toBeCloseTo(1, 9);
      const best = probabilities.reduce((a, b) => (b.probability > a.probability ? b : a));
      expect(answer).toBe(best.choice);
    }
    expect((await ask('--labels', 'red,green', '--probabilities')).stdout).toMatch(
      /^[01]\.\d{4}\tred\n0\.\d{4}\tgreen\n$/,
    );
  });

  it('is a letter of the choices, unless the paper’s own procedure is asked for', async () => {
    const choices = ['--choice', 'red', '--choice', 'blue'];
    expect((await ask(...choices)).stdout).toBe('A\n');
    expect((await ask(...choices, '--unconstrained')).stdout).toBe('A\n');
  });

  it('is yes or no with its probability, and an exit status', async () => {
    const yesNo = (question: string, ...args: string[]) => runLlava(['ask', '--yes-no', question, ...args]);
    const yes = await yesNo('Is there a red circle in the image?', circle, '--at-least', '0.8');
    expect(yes).toMatchObject({ exitCode: 0, stderr: '' });
    expect(yes.stdout).toMatch(/^yes\t[01]\.\d{4}\n$/);
    const several = await yesNo('Is there a blue circle in the image?', circle, square, '--at-least', '0.8');
    expect(several.exitCode).toBe(1);
    expect(several.stdout).toMatch(/^.*circle\.png\tno\t[01]\.\d{4}\n.*square\.png\tno\t[01]\.\d{4}\n$/);
  });

  it('tells how probable each token was', async () => {
    const { answer, logprobs = [] } = JSON.parse((await ask('--json', '--logprobs')).stdout) as Told;
    expect(
      logprobs
        .map(({ text }) => text)
        .join('')
        .trim(),
    ).toBe(answer);
    expect(logprobs.every(({ logProbability }) => logProbability <= 0)).toBe(true);
  });

  it.each([
    [
      'a missing file of labels',
      ['--labels-file', join(folder, 'none.txt')],
      /labels ".*none\.txt" cannot be read/,
    ],
    [
      'labels with choices',
      ['--labels', 'a,b', '--choice', 'a', '--choice', 'b'],
      /Choices go with the letter format/,
    ],
    ['one label', ['--labels', 'a'], /not 1/],
    ['a limit without a question of yes or no', ['--at-least', '0.5'], /goes with --yes-no/],
    ['a limit above 1', ['--yes-no', '--at-least', '1.5'], /from 0 to 1/],
    ['log-probabilities nobody could read', ['--logprobs'], /goes with --json/],
    ['probabilities of nothing', ['--probabilities'], /need choices or labels/],
  ])('is refused with %s, before anything is loaded', async (_, args, message) => {
    const run = await ask(...args);
    expect(run).toMatchObject({ exitCode: 2, stdout: '' });
    expect(run.stderr).toMatch(message);
  });

  it('is one of the labels in a chat, until they are taken back', async () => {
    const lines = [
      '/labels purple | dark blue',
      'What color is the circle?',
      '/labels',
      'What color is the circle?',
      '/labels one',
    ];
    const run = await runLlava(['chat', circle], { stdin: 'pipe', input: `${lines.join('\n')}\n` });
    expect(run.stdout).toMatch(/^(purple|dark blue)\nThe circle is red\.\n$/);
    expect(run.stderr).toContain('Give 2 to 20000 labels, not 1.');
  });

  it('is one of the command’s labels in LLaVA’s rows, whose text is asked as it stands', async () => {
    const input = join(folder, 'llava-rows.jsonl');
    const text = 'What color is the circle?\nAnswer the question using a single word or phrase.';
    writeFileSync(input, `${JSON.stringify({ question_id: 1, image: circle, text })}\n`);
    const run = await runLlava(['batch', input, '--labels', 'purple,red']);
    expect(JSON.parse(run.stdout)).toMatchObject({ question_id: 1, prompt: text, text: 'red' });
  });

  it('is the same in a batch, and resumed', async () => {
    const rows = [
      { labels: ['red', 'green', 'blue'] },
      { labels: ['red', 'blue'], probabilities: true },
      { yes_no: true, question: 'Is there a red circle in the image?' },
      { choices: ['red', 'blue'], logprobs: true },
      { labels: ['red', 'Red'] },
    ].map((row) => ({ image: circle, question: 'What color is the circle?', ...row }));
    const input = join(folder, 'rows.jsonl');
    const output = join(folder, 'out.jsonl');
    writeFileSync(input, rows.map((row) => `${JSON.stringify(row)}\n`).join(''));
    const first = await runLlava(['batch', input, '-o', output, '--timings']);
    expect(first.stderr).toBe('5 rows: 4 answered, 1 failed; 1 pictures\n');
    const plain = await runLlava(['batch', input]);
    const answers = plain.stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as Told);
    expect(answers.map(({ answer }) => answer)).toEqual(['red', 'red', 'yes', 'A', undefined]);
    expect(answers[1]!.probabilities).toHaveLength(2);
    const resumed = await runLlava(['batch', input, '-o', output, '--resume', '--timings']);
    expect(resumed.stderr).toMatch(/0 answered, 4 resumed/);
  });
});
