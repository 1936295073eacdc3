import { formatBytes } from '../../llava/format.js';
import { planFit, type FitPlan } from '../../weights/memory/fit-plan.js';
import type { MemoryParts } from '../../weights/memory/memory-parts.js';
import { repackedTypes, usualCpu } from '../../weights/memory/repacked-types.js';
import type { PairSizes } from '../../weights/memory/weight-sizes.js';
import { DEFAULT_CONTEXT } from '../../opening/plan-placement.js';

/** Bytes that weights take where nothing else limits them: on the CPU alone, and all on a GPU. */
export interface MemoryNeeds {
  readonly contextTokens: number;
  readonly cpu: { readonly hostBytes: number; readonly parts: MemoryParts };
  readonly gpu: {
    readonly deviceBytes: number;
    readonly hostBytes: number;
    readonly parts: MemoryParts | undefined;
  };
}

/** What a pair needs, from its headers. */
export function memoryNeeds(sizes: PairSizes): MemoryNeeds {
  const contextSize = Math.min(sizes.text.contextLength, DEFAULT_CONTEXT);
  const endless = { totalBytes: Infinity, freeBytes: Infinity, isShared: false };
  const host = { freeBytes: Infinity, repacked: repackedTypes(usualCpu()) };
  const plan = (device: typeof endless | undefined): FitPlan =>
    planFit(sizes, { contextSize, kvType: 'f16', device, host, gpuLayers: 'auto' });
  const cpu = plan(undefined);
  const gpu = plan(endless);
  return {
    contextTokens: contextSize,
    cpu: { hostBytes: cpu.hostBytes, parts: cpu.host },
    gpu: { deviceBytes: gpu.deviceBytes, hostBytes: gpu.hostBytes, parts: gpu.device },
  };
}

/** The same for people. */
export function describeNeeds({ contextTokens, cpu, gpu }: MemoryNeeds): string {
  return [
    `memory at ${contextTokens} tokens of context`,
    `  CPU alone   ${formatBytes(cpu.hostBytes)}: ${describeParts(cpu.parts)}`,
    `  all on GPU  ${formatBytes(gpu.deviceBytes)} of the GPU: ${gpu.parts === undefined ? '' : describeParts(gpu.parts)};` +
      ` ${formatBytes(gpu.hostBytes)} beside it`,
    '',
  ].join('\n');
}

function describeParts({ weights, kvCache, compute, tower, process }: MemoryParts): string {
  const named = { weights, 'KV cache': kvCache, compute, tower, process };
  return Object.entries(named)
    .filter(([, bytes]) => bytes > 0)
    .map(([name, bytes]) => `${name} ${formatBytes(bytes)}`)
    .join(', ');
}
