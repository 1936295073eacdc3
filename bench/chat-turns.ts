/*
 * Seconds until the first and the second turn of a chat start to be answered:
 * npm run bench:chat -- MODEL.gguf MMPROJ.gguf PICTURE [threads] [runs]
 */
import type { ShownPicture, Sampling } from '../src/engine/engine.js';
import { openLlamaEngine } from '../src/engine/local/llama-engine.js';
import type { Turn } from '../src/llava/conversation.js';
import { loadPixels } from '../src/llava/pixels.js';
import { spread } from '../src/bench/figures.js';

const [model, mmproj, path, threads = '2', runs = '1'] = process.argv.slice(2);
if (model === undefined || mmproj === undefined || path === undefined)
  throw new Error('Usage: npm run bench:chat -- MODEL.gguf MMPROJ.gguf PICTURE [threads] [runs]');

const sampling: Sampling = { temperature: 0, topP: 1, seed: undefined, maxTokens: 8 };
await using engine = await openLlamaEngine(
  { model, mmproj },
  { device: 'cpu', threads: Number(threads), contextSize: 2048 },
);
const pixels = await loadPixels({ kind: 'file', path }, { imageSize: engine.info.imageSize });
const first: number[] = [];
const second: number[] = [];
for (let run = 0; run < Number(runs); run++) {
  const start = performance.now();
  const prefix = engine.look(await engine.encode(pixels));
  const question = 'What is in the picture?';
  const one = await ask(prefix, question, start);
  const two = await ask(prefix, 'Is it large?', performance.now(), [{ question, answer: one.answer }]);
  first.push(one.seconds);
  second.push(two.seconds);
}
process.stdout.write(`turn 1  ${spread(first)} s\n`);
process.stdout.write(`turn 2  ${spread(second)} s\n`);
process.stdout.write(
  `ratio   ${spread(
    second.map((seconds, run) => seconds / (first[run] ?? NaN)),
    3,
  )}\n`,
);

/** The answer, and the seconds from `start` until it began. */
async function ask(
  prefix: ShownPicture,
  question: string,
  start: number,
  turns: readonly Turn[] = [],
): Promise<{ answer: string; seconds: number }> {
  let answer = '';
  for await (const event of prefix.ask(question, sampling, undefined, turns)) {
    if (event.type === 'text') answer += event.text;
    else return { answer, seconds: (performance.now() - event.usage.answerMs - start) / 1000 };
  }
  throw new Error('The answer has no end.');
}
