import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  getLlama,
  GgmlType,
  GgufInsights,
  LlamaLogLevel,
  readGgufFileInfo,
  type Llama,
} from 'node-llama-cpp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { KvType } from '../../src/weights/memory/compute-sizes.js';
import { readGgufHeader } from '../../src/weights/gguf/gguf-header.js';
import {
  deviceParts,
  hostParts,
  type MemoryParts,
  type PlannedPlacement,
} from '../../src/weights/memory/memory-parts.js';
import { measurePair, type PairSizes } from '../../src/weights/memory/weight-sizes.js';
import { projectFile } from '../helpers/run-llava.js';
import { LLAMA_13B, LLAMA_7B, writeSparseModel } from '../helpers/sparse-weights.js';

/*
 * The plan's arithmetic against llama.cpp itself, which can lay out weights, KV cache and compute buffers without
 * taking memory for them. Both kinds of device are loaded without the addon, which knows only one for each process.
 */

process.env['GGML_VK_VISIBLE_DEVICES'] = '0';

const EXACT = 0.01;
/** Of all memory, for plans that split the layers. */
const MOST_TOO_MUCH = 0.1;
const GGML_TYPES: Record<KvType, GgmlType> = { f16: GgmlType.F16, q8_0: GgmlType.Q8_0, q4_0: GgmlType.Q4_0 };
const folder = mkdtempSync(join(tmpdir(), 'llava-fit-plan-'));
const models = {
  demo: projectFile('models/demo/model.gguf'),
  '7b q4_0': join(folder, '7b.gguf'),
  '13b q4_0': join(folder, '13b.gguf'),
  'wide vocabulary': join(folder, 'wide.gguf'),
};

type Case = readonly [gpuLayers: number, sequences: number, contextSize: number, kvType: KvType];
const ON_CPU: readonly Case[] = [
  [0, 1, 1024, 'f16'],
  [0, 1, 4096, 'f16'],
  [0, 1, 4096, 'q8_0'],
  [0, 1, 512, 'f16'],
  [0, 4, 1024, 'f16'],
  [0, 8, 1024, 'q8_0'],
];
const ON_GPU: readonly Case[] = [
  [0, 1, 4096, 'f16'],
  [1, 1, 4096, 'f16'],
  [4, 1, 1024, 'f16'],
  [99, 1, 1024, 'f16'],
  [99, 1, 4096, 'f16'],
  [99, 1, 4096, 'q4_0'],
  [99, 4, 1024, 'f16'],
];

beforeAll(() => {
  writeSparseModel(models['7b q4_0'], LLAMA_7B, 'q4_0');
  writeSparseModel(models['13b q4_0'], LLAMA_13B, 'q4_0');
  // The software device takes no operation of more than 128 MiB: wider ones would stay on the host.
  const wide = { width: 256, blocks: 3, heads: 4, feedForward: 512, vocabulary: 40000 };
  writeSparseModel(models['wide vocabulary'], wide, 'f16');
});
afterAll(() => {
  rmSync(folder, { recursive: true });
});

describe.each([
  ['cpu', ON_CPU],
  ['vulkan', ON_GPU],
] as const)('on %s', (device, cases) => {
  let llama: Llama;
  beforeAll(async () => {
    const gpu = device === 'cpu' ? false : device;
    llama = await getLlama({ gpu, build: 'never', progressLogs: false, logLevel: LlamaLogLevel.disabled });
  });
  afterAll(async () => {
    await llama.dispose();
  });

  describe.each(Object.entries(models))('%s', (_name, file) => {
    it.each(cases)(
      '%i layers, %i × %i positions of %s',
      async (gpuLayers, sequences, contextSize, kvType) => {
        const pair = await sizesWith(file);
        const layers = Math.min(gpuLayers, pair.text.blocks.length + 1);
        const hasDevice = device !== 'cpu';
        const placed = { gpuLayers: layers, contextSize, sequences, kvType };
        const placement = { ...placed, towerOn: 'cpu', mapsModel: false } as const;
        const reserved = await reserve(llama, file, placed);
        const onHost = ofText(hostParts(pair, placement, hasDevice));
        const onDevice = hasDevice ? ofText(deviceParts(pair, placement)) : 0;
        expect(Math.abs(onHost / reserved.host - 1)).toBeLessThan(EXACT);
        if (layers === pair.text.blocks.length + 1)
          expect(Math.abs(onDevice / reserved.device - 1)).toBeLessThan(EXACT);
        else if (hasDevice) {
          // What visits the device while a prompt is evaluated is planned at its most.
          expect(onDevice).toBeGreaterThan((1 - EXACT) * reserved.device);
          expect(onDevice - reserved.device).toBeLessThan(MOST_TOO_MUCH * (reserved.device + reserved.host));
        }
      },
    );
  });
});

async function sizesWith(model: string): Promise<PairSizes> {
  const mmproj = await readGgufHeader(projectFile('models/demo/mmproj.gguf'));
  return measurePair(await readGgufHeader(model), mmproj);
}

function ofText({ weights, kvCache, compute }: MemoryParts): number {
  return weights + kvCache + compute;
}

/** llama.cpp's own figures, weights and context together. */
async function reserve(
  llama: Llama,
  file: string,
  { gpuLayers, contextSize, sequences, kvType }: Omit<PlannedPlacement, 'towerOn' | 'mapsModel'>,
) {
  const insights = await GgufInsights.from(await readGgufFileInfo(file), llama);
  const model = await insights.estimateModelResourceRequirementsV2({ gpuLayers, useMmap: false });
  const type = GGML_TYPES[kvType];
  const context = await insights.estimateContextResourceRequirementsV2({
    contextSize,
    modelGpuLayers: gpuLayers,
    batchSize: 640,
    sequences,
    flashAttention: 'auto',
    kvCacheKeyType: type,
    kvCacheValueType: type,
    useMmap: false,
  });
  return { host: model.cpuRam + context.cpuRam, device: model.gpuVram + context.gpuVram };
}
