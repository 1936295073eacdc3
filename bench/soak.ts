/*
 * Thousands of answers in one process, a new picture every 20: speed and memory of each tenth.
 * npm run bench:soak [answers]
 */
import type { Sampling } from '../src/engine/engine.js';
import { openLlamaEngine } from '../src/engine/local/llama-engine.js';
import { demoScenes } from '../src/eval/demo/demo-scenes.js';
import { loadPixels } from '../src/llava/pixels.js';
import { writeRequest } from '../src/llava/response-format.js';
import { projectFile } from '../test/helpers/run-llava.js';

const GREEDY: Sampling = { temperature: 0, topP: 1, seed: undefined, maxTokens: 64 };
const A_PICTURE = 20;

const answers = Number(process.argv[2] ?? 10_000);
await using engine = await openLlamaEngine(
  { model: projectFile('models/demo/model.gguf'), mmproj: projectFile('models/demo/mmproj.gguf') },
  { device: 'cpu', threads: 1, contextSize: 512 },
);
let done = 0;
let start = performance.now();
process.stdout.write('answers  a second  memory, MB\n');
for await (const { number, picture: bytes, questions } of demoScenes(0, Math.ceil(answers / A_PICTURE))) {
  const source = { kind: 'bytes', label: `scene ${number}`, bytes } as const;
  const pixels = await loadPixels(source, { imageSize: engine.info.imageSize });
  const prefix = engine.look(await engine.encode(pixels));
  for (const { question: text, format, choices } of questions.slice(0, A_PICTURE)) {
    const request = writeRequest({ text, format, ...(choices && { choices }) }, pixels.picture);
    for await (const event of prefix.ask(request, GREEDY)) if (event.type === 'done') break;
    if (++done % (answers / 10) === 0) report();
  }
}

function report(): void {
  const rate = ((answers / 10) * 1000) / (performance.now() - start);
  const columns = [String(done).padStart(7), rate.toFixed(1).padStart(8), megabytes().padStart(10)];
  process.stdout.write(`${columns.join('  ')}\n`);
  start = performance.now();
}

function megabytes(): string {
  return (process.memoryUsage.rss() / 1e6).toFixed(0);
}
