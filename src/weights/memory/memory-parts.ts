import {
  featureBytes,
  kvBytesOfBlock,
  textComputeBytes,
  towerComputeBytes,
  type KvType,
} from './compute-sizes.js';
import type { PairSizes, TextSizes, WeightPart } from './weight-sizes.js';

/** What goes where; the engine's `Placement` is the same. */
export interface PlannedPlacement {
  /** Of blocks + 1, counted from the output backwards. */
  readonly gpuLayers: number;
  readonly towerOn: 'cpu' | 'device';
  /** Positions of each sequence. */
  readonly contextSize: number;
  /** Each with a KV cache of its own. */
  readonly sequences: number;
  readonly kvType: KvType;
  readonly mapsModel: boolean;
}

/** Bytes in one memory, by what they are for. */
export interface MemoryParts {
  /** The language model. */
  readonly weights: number;
  readonly kvCache: number;
  readonly compute: number;
  /** Vision tower: weights and compute buffer. */
  readonly tower: number;
  /** Node, its packages and llama.cpp itself, image features; on a GPU what its driver takes. */
  readonly process: number;
}

/** Node, node-llama-cpp, its libraries, our addon and sharp, measured: `npm run bench:memory`. */
export const PROCESS_BYTES = 118e6;
/** A GPU's driver and its compiled kernels, on the host: those of Mesa's software device, measured likewise. */
export const DRIVER_BYTES = 210e6;

/** CUDA's context, kernels and cuBLAS' workspace on the GPU: 737 MiB on an H100 with every plan, measured: bench/gpu. */
export const CUDA_BYTES = 773e6;

/** What a GPU takes, its driver left out. */
export function deviceParts(pair: PairSizes, placement: PlannedPlacement): MemoryParts {
  const { text, vision } = pair;
  const { contextSize, sequences, kvType } = placement;
  const { blocks, hasOutput } = onDevice(text, placement.gpuLayers);
  const compute = textComputeBytes(text, contextSize, kvType, placement.gpuLayers);
  return {
    weights: sumBytes(blocks) + (hasOutput ? text.output.bytes : 0),
    kvCache: sequences * blocks.length * kvBytesOfBlock(text, contextSize, kvType),
    compute: compute.device,
    tower: placement.towerOn === 'device' ? vision.weightBytes + towerComputeBytes(vision, 'device') : 0,
    process: 0,
  };
}

/**
 * What the host must hold all the time. Pages of a mapped file that nobody needs any more are not among them.
 * @param hasDevice whether llama.cpp was loaded for a GPU, whatever is on it
 */
export function hostParts(pair: PairSizes, placement: PlannedPlacement, hasDevice: boolean): MemoryParts {
  const { text, vision } = pair;
  const { contextSize, sequences, kvType, gpuLayers } = placement;
  const { blocks, hasOutput } = onDevice(text, gpuLayers);
  const staying = text.blocks.slice(0, text.blocks.length - blocks.length);
  const compute = textComputeBytes(text, contextSize, kvType, hasDevice ? gpuLayers : undefined);
  const weights = sumBytes(staying) + (hasOutput ? 0 : text.output.bytes) + text.tokenEmbedding.bytes;
  return {
    weights,
    kvCache: sequences * staying.length * kvBytesOfBlock(text, contextSize, kvType),
    compute: compute.host,
    tower: placement.towerOn === 'cpu' ? vision.weightBytes + towerComputeBytes(vision, 'cpu') : 0,
    process: PROCESS_BYTES + (hasDevice ? DRIVER_BYTES : 0) + featureBytes(vision),
  };
}

/**
 * The most that a process is seen to hold: with pages of a mapped file, which the system takes back when others
 * need them. While loading, the whole file is mapped; afterwards from the first tensor on the host to the last.
 * @param isSharedMemory whether the device's memory is the host's
 */
export function peakHostBytes(
  pair: PairSizes,
  placement: PlannedPlacement,
  host: MemoryParts,
  device: MemoryParts | undefined,
  repacked: ReadonlySet<string>,
  isSharedMemory: boolean,
): number {
  const { text, vision } = pair;
  const inDevice = device !== undefined && isSharedMemory ? totalBytes(device) : 0;
  const running = totalBytes(host) + inDevice;
  if (!placement.mapsModel) return running;
  const { blocks, hasOutput } = onDevice(text, placement.gpuLayers);
  const staying = [
    text.tokenEmbedding,
    ...text.blocks.slice(0, text.blocks.length - blocks.length),
    ...(hasOutput ? [] : [text.output]),
  ];
  const mapped = Math.max(...staying.map(({ end }) => end)) - Math.min(...staying.map(({ start }) => start));
  const copied = device === undefined ? sumRepacked(staying, repacked) : 0;
  const mappedAfter = running - host.weights + mapped + copied;
  const uploaded = device !== undefined && isSharedMemory ? device.weights : 0;
  const tower = isSharedMemory || placement.towerOn === 'cpu' ? vision.weightBytes : 0;
  return Math.max(mappedAfter, host.process + text.fileBytes + uploaded + tower);
}

/** Whether most of what a CPU computes with is repacked, and the file should be read instead of mapped. */
export function isMostlyRepacked(text: TextSizes, repacked: ReadonlySet<string>): boolean {
  const parts = [...text.blocks, text.output];
  return 2 * sumRepacked(parts, repacked) > sumBytes(parts);
}

export function totalBytes(parts: MemoryParts): number {
  return parts.weights + parts.kvCache + parts.compute + parts.tower + parts.process;
}

function onDevice(text: TextSizes, gpuLayers: number): { blocks: readonly WeightPart[]; hasOutput: boolean } {
  const count = Math.max(0, Math.min(gpuLayers - 1, text.blocks.length));
  return { blocks: text.blocks.slice(text.blocks.length - count), hasOutput: gpuLayers > 0 };
}

function sumBytes(parts: readonly WeightPart[]): number {
  return parts.reduce((sum, { bytes }) => sum + bytes, 0);
}

function sumRepacked(parts: readonly WeightPart[], repacked: ReadonlySet<string>): number {
  let sum = 0;
  for (const { matrices } of parts)
    for (const [type, bytes] of matrices) if (repacked.has(type)) sum += bytes;
  return sum;
}
