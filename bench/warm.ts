/*
 * The second question about a picture, to a server that has seen it: llava serve and llama-server in turn, on the same files.
 * npm run bench:warm -- FOLDER LLAMA_SERVER [rounds]
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { median, spread } from '../src/bench/figures.js';
import { renderPrompt } from '../src/llava/conversation.js';
import { VICUNA_V1 } from '../src/llava/conversations/vicuna-v1.js';
import { projectFile } from '../test/helpers/run-llava.js';
import { askAbout, RunningServer } from '../test/helpers/running-server.js';

const PORT = 18_099;
const QUESTIONS = [
  'What color is the circle?',
  'How many shapes are there in the image?',
  'Is there a star to the right of the triangle?',
  'Describe the background of the image.',
  'Which of the shapes is the largest one?',
];

const [folder, llamaServer, rounds = '2'] = process.argv.slice(2);
if (folder === undefined || llamaServer === undefined)
  throw new Error('Usage: npm run bench:warm -- FOLDER LLAMA_SERVER [rounds]');
const model = join(folder, 'model.gguf');
const mmproj = join(folder, 'mmproj.gguf');
const threads = String(availableParallelism());
const picture = readFileSync(projectFile('examples/shapes.png'));

const seconds = { llava: [] as number[], evaluation: [] as number[], llamaServer: [] as number[] };
for (let round = 0; round < Number(rounds); round++) {
  await askLlava();
  await askLlamaServer();
}
const { llava, evaluation } = seconds;
process.stdout.write(
  `first token of a second question, ${threads} threads, ${rounds} rounds of ${QUESTIONS.length - 1} questions:\n` +
    `llava serve ${spread(llava)} s, of which evaluating the question ${spread(evaluation)} s (${(median(llava) / median(evaluation)).toFixed(2)})\n` +
    `llama-server ${spread(seconds.llamaServer)} s, ratio ${(median(llava) / median(seconds.llamaServer)).toFixed(2)}\n`,
);

async function askLlava(): Promise<void> {
  await using server = await RunningServer.start('--gguf', model, '--mmproj', mmproj, '--threads', threads);
  for (const [index, question] of QUESTIONS.entries()) {
    const before = await evaluated(server);
    const time = await timeOf(() => server.post({ messages: askAbout(picture, question), max_tokens: 1 }));
    if (index === 0) continue;
    seconds.llava.push(time);
    seconds.evaluation.push((await evaluated(server)) - before);
  }
}

/** Seconds that questions took to evaluate so far. */
async function evaluated(server: RunningServer): Promise<number> {
  const text = await (await fetch(`${server.address}/metrics`)).text();
  const [, sum] = /^llava_seconds_sum\{step="question"\} (\S+)$/m.exec(text) ?? [];
  return Number(sum ?? 0);
}

/** With LLaVA-1.5's own prompt, and the prompt cache that it has. */
async function askLlamaServer(): Promise<void> {
  const args = ['-m', model, '--mmproj', mmproj, '-t', threads, '--port', String(PORT)];
  const same = ['-c', '4096', '-ub', '640', '-np', '1', '-ngl', '0'];
  const server = spawn(llamaServer ?? '', [...args, ...same], { stdio: 'ignore' });
  const address = `http://127.0.0.1:${PORT}`;
  while ((await fetch(`${address}/health`).catch(() => undefined))?.ok !== true) await wait(100);
  const props = await (await fetch(`${address}/props`)).json();
  const { media_marker: marker } = props as { media_marker: string };
  for (const [index, question] of QUESTIONS.entries()) {
    const prompt = renderPrompt(VICUNA_V1, [], question).replace('<image>', marker);
    const body = JSON.stringify({
      prompt: { prompt_string: prompt, multimodal_data: [picture.toString('base64')] },
      n_predict: 1,
      temperature: 0,
      cache_prompt: true,
    });
    const time = await timeOf(() => fetch(`${address}/completion`, { method: 'POST', body }));
    if (index > 0) seconds.llamaServer.push(time);
  }
  server.kill('SIGKILL');
  await once(server, 'exit');
}

/** @throws when the answer is a failure */
async function timeOf(ask: () => Promise<Response>): Promise<number> {
  const start = performance.now();
  const response = await ask();
  const text = await response.text();
  if (!response.ok) throw new Error(text);
  return (performance.now() - start) / 1000;
}
