import { randomFillSync } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import {
  writeGguf,
  type GgufToWrite,
  type TensorToWrite,
  type TypedValue,
} from '../test/reference/gguf-writer.js';
import { LLAMA_7B, type TextShape } from '../test/helpers/sparse-weights.js';
import { toHalf } from '../test/reference/half.js';
import { llama2Vocabulary } from '../test/reference/llama2-vocabulary.js';
import { textMetadata } from '../test/reference/random-text.js';
import { randomVision, type VisionOptions } from '../test/reference/random-vision.js';

const CONTEXT = 4096;

/** Types that the language model can have, with the bytes of 32 numbers. */
const BYTES_OF_32 = { Q4_0: 18, F16: 64 };

export type RandomType = keyof typeof BYTES_OF_32;

/** Scale of the numbers: small enough that no layer overflows. */
const SCALE = 0.003;

/** Sizes of both halves of a pair. */
export interface PairShape {
  readonly text: TextShape;
  readonly vision: Pick<
    VisionOptions,
    'blocks' | 'visionWidth' | 'visionHeads' | 'visionHidden' | 'imageSize' | 'patchSize'
  >;
}

/** LLaVA-1.5-7B with CLIP-L/14-336. */
export const SHAPE_OF_7B: PairShape = {
  text: LLAMA_7B,
  vision: {
    blocks: 23,
    visionWidth: 1024,
    visionHeads: 16,
    visionHidden: 4096,
    imageSize: 336,
    patchSize: 14,
  },
};

/**
 * Writes `model.gguf` and `mmproj.gguf` (F16) with random numbers and LLaMA-2's number of tokens: as slow as real weights of
 * that shape, and as many tokens a text.
 * @param folder made when it is not there
 */
export function writeRandomWeights(folder: string, { text, vision }: PairShape, type: RandomType): void {
  mkdirSync(folder, { recursive: true });
  writeGguf(join(folder, 'model.gguf'), languageModel(text, type));
  writeGguf(
    join(folder, 'mmproj.gguf'),
    randomVision({ ...vision, projectorWidth: text.width, visionType: 'F16', sameBlocks: true }),
  );
}

function languageModel(shape: TextShape, type: RandomType): GgufToWrite {
  const metadata = new Map<string, TypedValue>([
    ...textMetadata({
      textWidth: shape.width,
      textBlocks: shape.blocks,
      textHeads: shape.heads,
      textHidden: shape.feedForward,
      contextLength: CONTEXT,
    }),
    ['general.name', { type: 'string', value: 'random LLaMA' }],
    ['general.file_type', { type: 'uint32', value: type === 'F16' ? 1 : 2 }],
    ...llama2Vocabulary(),
  ]);
  return { version: 3, metadata, tensors: languageTensors(shape, type) };
}

/** All matrices are parts of one: what they hold makes no difference to how long they take. */
function languageTensors(
  { width, blocks, feedForward, vocabulary }: TextShape,
  type: RandomType,
): TensorToWrite[] {
  const numbers = randomNumbers(vocabulary * width, type);
  const matrix = (name: string, inputs: number, outputs: number): TensorToWrite => ({
    name: `${name}.weight`,
    shape: [inputs, outputs],
    type,
    bytes: numbers.subarray(0, ((inputs * outputs) / 32) * BYTES_OF_32[type]),
  });
  const ones = new Uint8Array(new Float32Array(width).fill(1).buffer);
  const norm = (name: string): TensorToWrite => ({
    name: `${name}.weight`,
    shape: [width],
    type: 'F32',
    bytes: ones,
  });
  const block = (name: string): TensorToWrite[] => [
    norm(`${name}.attn_norm`),
    ...['attn_q', 'attn_k', 'attn_v', 'attn_output'].map((part) => matrix(`${name}.${part}`, width, width)),
    norm(`${name}.ffn_norm`),
    ...['ffn_gate', 'ffn_up'].map((part) => matrix(`${name}.${part}`, width, feedForward)),
    matrix(`${name}.ffn_down`, feedForward, width),
  ];
  return [
    matrix('token_embd', width, vocabulary),
    ...Array.from({ length: blocks }, (_, number) => block(`blk.${number}`)).flat(),
    norm('output_norm'),
    matrix('output', width, vocabulary),
  ];
}

/** Q4_0: 32 numbers are a float16 scale and 16 bytes of two, each from −8 to 7 scales. F16 takes the same range. */
function randomNumbers(count: number, type: RandomType): Uint8Array {
  const blocks = count / 32;
  const bytes = randomFillSync(Buffer.alloc(blocks * BYTES_OF_32[type]));
  if (type === 'Q4_0') {
    const scale = toHalf(SCALE);
    for (let block = 0; block < blocks; block++) bytes.writeUInt16LE(scale, block * BYTES_OF_32.Q4_0);
    return bytes;
  }
  const halves = Uint16Array.from({ length: 16 }, (_, number) => toHalf((number - 8) * SCALE));
  const numbers = new Uint16Array(bytes.buffer, bytes.byteOffset, count);
  for (let index = 0; index < count; index++) numbers[index] = halves[(numbers[index] ?? 0) & 15] ?? 0;
  return bytes;
}
