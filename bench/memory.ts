/*
 * The fit plan beside what the kernel saw: npm run build && npm run bench:memory -- [FOLDER OF A 7B PAIR] [runs]
 *
 * Compared is the plan's peak of the host with VmHWM: the most that a process ever had in memory, pages of mapped
 * files included. On Mesa's software device (GGML_VK_VISIBLE_DEVICES=0) the device's memory is the host's, so the
 * same figure holds both. Linux only; every run is a process of its own.
 */
import { execa } from 'execa';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { loadBackend } from '../src/engine/local/runtime/backend.js';
import { planFit } from '../src/weights/memory/fit-plan.js';
import { readGgufHeader } from '../src/weights/gguf/gguf-header.js';
import { repackedTypes } from '../src/weights/memory/repacked-types.js';
import { measurePair } from '../src/weights/memory/weight-sizes.js';
import { projectFile } from '../test/helpers/run-llava.js';
import { median, spread } from '../src/bench/figures.js';

type Case = readonly [
  name: string,
  folder: string,
  device: 'cpu' | 'vulkan',
  layers: number,
  context: number,
];

const [pairFolder, runs = '3'] = process.argv.slice(2);
const demo = projectFile('models/demo');
const cases: Case[] = [
  ['demo', demo, 'cpu', 0, 2048],
  ['demo, all layers and tower', demo, 'vulkan', 7, 2048],
  ['demo, 2 layers and tower', demo, 'vulkan', 2, 2048],
];
if (pairFolder !== undefined)
  cases.push(
    ['7B', pairFolder, 'cpu', 0, 1024],
    ['7B', pairFolder, 'cpu', 0, 4096],
    ['7B, 8 layers', pairFolder, 'vulkan', 8, 1024],
  );

const backend = await loadBackend({ device: 'cpu' });
await backend[Symbol.asyncDispose]();

for (const [name, folder, device, gpuLayers, contextSize] of cases) {
  const [model, mmproj] = ['model', 'mmproj'].map((file) => join(folder, `${file}.gguf`)) as [string, string];
  const memory = { totalBytes: Infinity, freeBytes: Infinity };
  const plan = planFit(measurePair(await readGgufHeader(model), await readGgufHeader(mmproj)), {
    contextSize,
    kvType: 'f16',
    gpuLayers,
    device: device === 'cpu' ? undefined : { ...memory, isShared: true },
    host: { ...memory, repacked: repackedTypes(backend) },
  });
  // A software device takes minutes for a 7B's picture, so there it is only opened.
  const isOpenedOnly = folder !== demo && device !== 'cpu';
  const peaks: number[] = [];
  for (let run = 0; run < Number(runs); run++)
    peaks.push(await measurePeak({ model, mmproj, device, isOpenedOnly, ...plan.placement }));
  const planned = plan.hostPeakBytes / 1e6;
  const off = 100 * (planned / median(peaks) - 1);
  process.stdout.write(
    `${name}, ${device}, ${contextSize} positions: planned ${planned.toFixed(0)} MB, ` +
      `measured ${spread(peaks, 0)} MB, ${off.toFixed(1)} %\n`,
  );
}

async function measurePeak(task: object): Promise<number> {
  const child = fileURLToPath(new URL('memory-child.js', import.meta.url));
  const { stdout } = await execa(process.execPath, [child, JSON.stringify(task)], {
    env: { GGML_VK_VISIBLE_DEVICES: '0', LP_NATIVE_VECTOR_WIDTH: '128' },
  });
  const { peakBytes } = JSON.parse(stdout.trim().split('\n').at(-1) ?? '') as { peakBytes: number };
  return peakBytes / 1e6;
}
