import { expect, it } from 'vitest';
import { EXIT_CODES } from '../../src/exit-codes.js';
import { SETTINGS } from '../../src/commands/options/settings.js';
import { runLlava } from '../helpers/run-llava.js';

it.each([
  ['streams', 'stdout has the answer and nothing else'],
  ['exit-codes', ...Object.values(EXIT_CODES).map((code) => `${String(code).padStart(5)}  `)],
  ['settings', ...SETTINGS, 'LLAVA_GPU_LAYERS', 'config.json'],
  ['ask', 'Usage: llava ask [options] <question> [picture...]'],
  ['models rm', 'Usage: llava models rm [options] <name>'],
  ['', 'Usage: llava [options] [command]', 'streams, exit-codes, settings'],
])('llava help %s', async (topic, ...says) => {
  const run = await runLlava(['help', ...topic.split(' ').filter((word) => word !== '')]);
  expect(run).toMatchObject({ exitCode: 0, stderr: '' });
  for (const text of says) expect(run.stdout).toContain(text);
});

it.each(['nope', 'models nope', 'streams nope'])('llava help %s is a mistake', async (topic) => {
  const run = await runLlava(['help', ...topic.split(' ')]);
  expect(run).toMatchObject({ exitCode: 2, stdout: '' });
  expect(run.stderr).toContain(`error: There is no help on "${topic}".\ntry: llava help streams`);
});
