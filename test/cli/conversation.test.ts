import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import { runLlava } from '../helpers/run-llava.js';
import { writeRedCircle } from '../helpers/scene-pictures.js';
import { temporaryFolder } from '../helpers/temporary-folder.js';
import type { PairPaths } from '../reference/random-pair.js';
import { writeFormPair } from '../forms/form-pairs.js';

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

const folder = temporaryFolder();
let picture: string;
let llama3: PairPaths;
beforeAll(async () => {
  picture = await writeRedCircle(folder);
  llama3 = writeFormPair(folder, 'llama3');
});

const ask = (...flags: readonly string[]) =>
  runLlava(['ask', 'What is this?', picture, '--max-tokens', '4', ...flags]);

describe('llava ask', () => {
  it('refuses a form whose tokens the vocabulary lacks, by the token’s name', async () => {
    const { exitCode, stderr } = await ask('--model', 'demo', '--conversation', 'llama3');
    expect(exitCode).toBe(4);
    expect(stderr).toContain('--conversation llama3 needs the token "<|start_header_id|>"');
    expect(stderr).toContain('--conversation vicuna_v1');
  });

  it('says when it goes by the vocabulary alone, and answers', async () => {
    const { exitCode, stdout, stderr } = await ask(
      '--gguf',
      llama3.model,
      '--mmproj',
      llama3.mmproj,
      '--json',
    );
    expect(stderr).toContain('by its vocabulary it is asked in llama3');
    expect(exitCode).toBe(0);
    // node-llama-cpp prints what it is told of the file to stdout.
    expect(stdout.split('\n')).toHaveLength(2);
    expect(JSON.parse(stdout)).toHaveProperty('answer');
  });

  it('asks in the form that the environment names', async () => {
    const env = { LLAVA_CONVERSATION: 'phi3' };
    const { exitCode, stderr } = await runLlava(['ask', 'What is this?', picture, '--model', 'demo'], {
      env,
    });
    expect(exitCode).toBe(4);
    expect(stderr).toContain('--conversation phi3 needs the token "<|system|>"');
  });
});

describe('llava models info', () => {
  it('tells the form, why, and which others are possible', async () => {
    const { stdout } = await runLlava(['models', 'info', llama3.model, llama3.mmproj]);
    expect(stdout).toMatch(
      /talks in +llama3, by its vocabulary: its name does not tell; possible with --conversation: vicuna_v1/,
    );
    const demo = await runLlava(['models', 'info', 'demo']);
    expect(demo.stdout).toContain('conversation: vicuna_v1');
  });
});

describe('llava models list', () => {
  it('has size, speed and published scores side by side, and says where they are from', async () => {
    const { stdout } = await runLlava(['models', 'list']);
    expect(stdout).toMatch(/llava-phi-3-mini +fast phi3 .* 1\.8× +69\.2 +87\.3 +57\.8 +1477 +MIT/);
    expect(stdout).toMatch(/llava-llama-3-8b-v1\.1 .* 0\.8× +72\.3 +86\.4 +59 +1469 /);
    expect(stdout).toContain(
      "llava-phi-3-mini and 1 more: xtuner's card, which has 66.5 for LLaVA-1.5 7B on MMBench",
    );
  });
});

describe('llava eval compare', () => {
  const questions = join(folder, 'questions.jsonl');
  beforeAll(() => {
    const rows = [
      { image: 'circle.png', question: 'What color is the circle?', format: 'short', expected: 'red' },
      { image: 'circle.png', question: 'Is there a blue square?', format: 'short', expected: ['no', 'none'] },
      { question_id: 7, image: 'circle.png', text: 'Is there a circle?', expected: 'yes' },
    ];
    writeFileSync(questions, rows.map((row) => `${JSON.stringify(row)}\n`).join(''));
  });

  it('finds a model to be itself', async () => {
    const { exitCode, stdout, stderr } = await runLlava([
      'eval',
      'compare',
      'demo',
      'demo',
      '--questions',
      questions,
      '--json',
    ]);
    expect(stderr).toContain('demo:');
    expect(exitCode).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      first: 'demo',
      questions: 3,
      failed: 0,
      agreement: { count: 3, total: 3 },
      logLikelihood: { answers: 3, difference: 0 },
      accuracy: { difference: 0, onlyFirst: 0, onlySecond: 0, probability: 1 },
    });
  });

  it('tells what fewer image tokens cost', async () => {
    const kept = join(folder, 'kept');
    const { exitCode, stdout } = await runLlava([
      'eval',
      'compare',
      'demo',
      'demo,image-tokens=1',
      '--questions',
      questions,
      '-o',
      kept,
    ]);
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/A: demo\nB: demo,image-tokens=1\n3 questions\n/);
    expect(stdout).toMatch(/same answer +\d/);
    expect(stdout).toMatch(/McNemar’s exact test: p [01]\.\d{4}/);
  });

  it.each([
    [['demo', 'demo'], 'needs questions'],
    [['demo', 'demo,patches=3', '--questions', questions], '"patches=3" is none of'],
    [['demo', 'demo', '--benchmark', 'pope'], 'needs --data'],
    [['demo', 'demo', '--benchmark', 'mm-vet', '--data', '.'], 'is not scored here'],
  ])('refuses %j', async (args, says) => {
    const { exitCode, stderr } = await runLlava(['eval', 'compare', ...args]);
    expect(exitCode).toBe(2);
    expect(stderr).toContain(says);
  });
});
