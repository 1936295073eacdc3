/*
 * llava convert beside llama.cpp's own steps, on a random checkpoint of 7B's shapes in transformers' layout: npm run build &&
 * npm run bench:convert -- FOLDER LLAMA_QUANTIZE [TYPE] [BLOCKS]
 *
 * LLAMA_QUANTIZE is llama.cpp's program of the release that node-llama-cpp brings. It quantises what `llava convert --type f16`
 * wrote; copying the checkpoint's bytes is timed beside it, and the files are compared. FOLDER needs 50 GB for all 32 blocks.
 * Memory is the most that the process and its children had together, without pages of files (RssAnon): Linux only.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { hashFile } from '../src/hub/hash-file.js';
import { LLAVA } from '../test/helpers/run-llava.js';
import { writeRandomCheckpoint } from './write-random-checkpoint.js';
import { SHAPE_OF_7B } from './write-random-weights.js';

const [folder, quantize, type = 'Q4_K_M', blocks = String(SHAPE_OF_7B.text.blocks)] = process.argv.slice(2);
if (folder === undefined || quantize === undefined)
  throw new Error('Usage: npm run bench:convert -- FOLDER LLAMA_QUANTIZE [TYPE] [BLOCKS]');

const threads = String(availableParallelism());
const checkpoint = join(folder, 'checkpoint');
const copy = join(folder, 'copy');
const [halves, quantised] = [join(folder, 'f16'), join(folder, 'quantised')];
const reference = join(folder, 'reference.gguf');

writeRandomCheckpoint(checkpoint, { ...SHAPE_OF_7B, text: { ...SHAPE_OF_7B.text, blocks: Number(blocks) } });
const copying = await measure('copying the checkpoint', 'cp', ['-r', checkpoint, copy]);
rmSync(copy, { recursive: true });
const convert = (output: string, name: string) => [
  ...[LLAVA, 'convert', checkpoint, '-o', output, '--type', name, '--threads', threads, '--force'],
];
await measure('llava convert --type f16', process.execPath, convert(halves, 'f16'));
const quantising = await measure('llama-quantize', quantize, [modelIn(halves), reference, type, threads]);
rmSync(halves, { recursive: true });
const whole = await measure(
  `llava convert --type ${type.toLowerCase()}`,
  process.execPath,
  convert(quantised, type.toLowerCase()),
);
const ratio = whole.seconds / (copying.seconds + quantising.seconds);
const isSame = (await hashFile(modelIn(quantised))) === (await hashFile(reference));
process.stdout.write(
  `of copying and llama-quantize together: ${ratio.toFixed(2)}; the files are ${isSame ? 'the same' : 'different'}\n`,
);

async function measure(
  what: string,
  program: string,
  args: readonly string[],
): Promise<{ readonly seconds: number }> {
  const start = performance.now();
  const child = spawn(program, args, { stdio: ['ignore', 'ignore', 'pipe'] });
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (said = `${said}${text}`.slice(-2000)));
  let most = 0;
  const timer = setInterval(() => {
    if (child.pid !== undefined) most = Math.max(most, memoryOf(child.pid));
  }, 50);
  const [code] = (await once(child, 'exit')) as [number | null];
  clearInterval(timer);
  if (code !== 0) throw new Error(`${what} failed: ${said}`);
  const seconds = (performance.now() - start) / 1000;
  process.stdout.write(`${what}: ${seconds.toFixed(1)} s, ${(most / 1e9).toFixed(2)} GB\n`);
  return { seconds };
}

/** Bytes of a process and all below it; 0 when it has ended. */
function memoryOf(pid: number): number {
  try {
    const [, kilobytes = '0'] = /^RssAnon:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
    const tasks = readdirSync(`/proc/${pid}/task`);
    const children = tasks.flatMap((task) =>
      readFileSync(`/proc/${pid}/task/${task}/children`, 'utf8').trim().split(/\s+/),
    );
    const below = children.filter((child) => child !== '').map((child) => memoryOf(Number(child)));
    return below.reduce((sum, bytes) => sum + bytes, Number(kilobytes) * 1024);
  } catch {
    return 0;
  }
}

function modelIn(place: string): string {
  const name = readdirSync(place).find((each) => each.endsWith('.gguf') && !each.startsWith('mmproj'));
  return join(place, name ?? '');
}
