import { projectorRow } from '../projector.js';
import type { TextSizes, VisionSizes } from './weight-sizes.js';

/*
 * Bytes of llama.cpp's compute buffers and KV cache, and of the tower's. Derived from the graphs (llama.cpp v0.5.0,
 * models/llama.cpp and llama-graph.cpp; native/vision/graph.cc) and held against what llama.cpp itself reserves by
 * test/native/fit-plan-reserve.test.ts.
 */

/** Number formats of keys and values in the KV cache. */
export type KvType = 'f16' | 'q8_0' | 'q4_0';

/** Bytes of 32 numbers in each. */
const KV_BLOCK_BYTES: Readonly<Record<KvType, number>> = { f16: 64, q8_0: 34, q4_0: 18 };
const KV_BLOCK = 32;

/** Positions evaluated at once; node-llama-cpp sets llama.cpp's micro-batch to it. */
const BATCH = 640;
const FLOAT = 4;
const HALF = 2;
/** llama.cpp rounds contexts up to this. */
const CONTEXT_STEP = 256;

export function roundContext(contextSize: number): number {
  return Math.ceil(contextSize / CONTEXT_STEP) * CONTEXT_STEP;
}

/** KV cache of one block. */
export function kvBytesOfBlock({ keyWidth }: TextSizes, contextSize: number, type: KvType): number {
  return (2 * roundContext(contextSize) * keyWidth * KV_BLOCK_BYTES[type]) / KV_BLOCK;
}

export interface TextCompute {
  readonly device: number;
  readonly host: number;
}

/**
 * Compute buffers of the language model, with flash attention, which llama.cpp turns on wherever the device has it.
 * @param gpuLayers of blocks + 1; undefined without a device
 */
export function textComputeBytes(
  text: TextSizes,
  contextSize: number,
  kvType: KvType,
  gpuLayers: number | undefined,
): TextCompute {
  const { width, feedForward, vocabulary, blocks, output } = text;
  const context = roundContext(contextSize);
  const rows = Math.min(BATCH, context);
  const columns = (count: number) => rows * count * FLOAT;
  const mask = rows * context * HALF;
  // Positions, token ids, output ids and two lists of KV cells, some of them in 64 bits; matrices that turn the KV.
  const inputs = columns(7) + rotationBytes(text, kvType);
  // An MLP has three rows of its own width; the mask is gone when the last block is done.
  const widest = (besideMlp: number, besideOutput: number) =>
    inputs +
    Math.max(mask + columns(3 * feedForward + besideMlp * width), columns(vocabulary + besideOutput * width));
  if (gpuLayers === undefined) return { device: 0, host: widest(4, 3) };
  if (gpuLayers > blocks.length) {
    const turned = rotationBytes(text, kvType) > 0 ? 1 : 0;
    return { device: widest(2 + turned, 2), host: inputs + mask + columns(2 * width) };
  }
  // llama.cpp evaluates prompts on the device even for blocks on the host: it copies their matrices there.
  const visiting = Math.max(...blocks.map(({ largestBytes }) => largestBytes));
  return {
    device: widest(5, 5) + visiting + (gpuLayers === 0 ? output.largestBytes : 0),
    host: inputs + mask + columns(3 * width),
  };
}

/** Packed caches are turned by a Hadamard matrix of the head's width for keys and one of 64 for values. */
function rotationBytes({ headWidth }: TextSizes, kvType: KvType): number {
  return kvType === 'f16' || headWidth % 64 !== 0 ? 0 : (headWidth ** 2 + 64 ** 2) * FLOAT;
}

/** The tower's compute buffer: fused attention on the CPU, plain elsewhere. */
export function towerComputeBytes(vision: VisionSizes, on: 'cpu' | 'device'): number {
  const { positions, width, feedForward, heads, outputWidth } = vision;
  const attention = on === 'cpu' ? 7 * width : positions * heads + 5 * width;
  const mlp = feedForward + 2 * width;
  const projector = projectorRow(width, outputWidth);
  return positions * Math.max(attention, mlp, projector) * FLOAT;
}

/** Image features on their way: as the tower gives them, as JavaScript holds them, as they are evaluated. */
export function featureBytes({ positions, outputWidth }: VisionSizes): number {
  return 3 * (positions - 1) * outputWidth * FLOAT;
}
