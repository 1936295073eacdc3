/*
 * Opens a pair as `llava ask` does, answers one question and prints the process's peak memory in bytes as JSON.
 * Runs the built code: a TypeScript runner would take memory of its own.
 * Argument: { model, mmproj, device, isOpenedOnly, …placement } as JSON.
 */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { loadPixels } from '../dist/program/pixels.js';
import { openLlamaEngine } from '../dist/program/llama-engine.js';

const { model, mmproj, device, isOpenedOnly, ...placement } = JSON.parse(process.argv[2] ?? '');
const engine = await openLlamaEngine({ model, mmproj }, { device, placement });
if (!isOpenedOnly) await ask();
const status = readFileSync('/proc/self/status', 'utf8');
const peakBytes = Number(/VmHWM:\s+(\d+) kB/.exec(status)?.[1]) * 1024;
await engine[Symbol.asyncDispose]();
process.stdout.write(JSON.stringify({ peakBytes }) + '\n');

async function ask() {
  const path = fileURLToPath(new URL('../examples/shapes.png', import.meta.url));
  const pixels = await loadPixels({ kind: 'file', path }, { imageSize: engine.info.imageSize });
  const prefix = await engine.look(await engine.encode(pixels));
  const greedy = { temperature: 0, topP: 1, seed: undefined, maxTokens: 2 };
  for await (const event of prefix.ask('What color is the circle?', greedy)) void event;
}
