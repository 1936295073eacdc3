/*
 * Opens a pair with a given placement, asks one question of a few tokens, and says what the device's memory was before and after, as JSON.
 * A process of its own, since running out of memory may end it. Runs in the kit, on the built program.
 * Argument: { model, mmproj, device, question, picture, …placement } as JSON.
 */
import { execFileSync } from 'node:child_process';
import { loadPixels } from '../dist/program/pixels.js';
import { openLlamaEngine } from '../dist/program/llama-engine.js';

const { model, mmproj, device, question, picture, ...placement } = JSON.parse(process.argv[2] ?? '');
const before = usedBytes();
const engine = await openLlamaEngine({ model, mmproj }, { device, placement });
const opened = usedBytes();
const pixels = await loadPixels({ kind: 'file', path: picture }, { imageSize: engine.info.imageSize });
const start = performance.now();
const features = await engine.encode(pixels);
const encodeMs = performance.now() - start;
const again = performance.now();
for (let round = 0; round < 5; round++) await engine.encode(pixels);
const nextEncodeMs = (performance.now() - again) / 5;
const prefix = engine.look(features);
const greedy = { temperature: 0, topP: 1, seed: undefined, maxTokens: 4 };
let answer = '';
for await (const event of prefix.ask(question, greedy)) if (event.type === 'text') answer += event.text;
const used = usedBytes();
process.stdout.write(
  JSON.stringify({ before, opened, used, encodeMs, nextEncodeMs, accounted: engine.memory, answer }) + '\n',
);
await engine[Symbol.asyncDispose]();

/** What the driver says of the first GPU; 0 where there is none of NVIDIA's. */
function usedBytes() {
  if (device !== 'cuda') return 0;
  const said = execFileSync(
    'nvidia-smi',
    ['--query-gpu=memory.used', '--format=csv,noheader,nounits', '-i', '0'],
    {
      encoding: 'utf8',
    },
  );
  return Number(said) * 2 ** 20;
}
