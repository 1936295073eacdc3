/*
 * A pair of LLaVA-1.5-7B's shapes and vocabulary with random numbers, Q4_0 and F16 as most people run it: as slow as the
 * real one, and as many tokens a text. Takes 4.4 GB: npm run bench:weights -- FOLDER
 */
import { randomFillSync } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import {
  writeGguf,
  type GgufToWrite,
  type TensorToWrite,
  type TypedValue,
} from '../test/reference/gguf-writer.js';
import { LLAMA_7B } from '../test/helpers/sparse-weights.js';
import { toHalf } from '../test/reference/half.js';
import { llama2Vocabulary } from '../test/reference/llama2-vocabulary.js';
import { textMetadata } from '../test/reference/random-text.js';
import { randomVision } from '../test/reference/random-vision.js';

const { width: WIDTH, blocks: BLOCKS, heads: HEADS, feedForward: HIDDEN, vocabulary: VOCABULARY } = LLAMA_7B;
const CONTEXT = 4096;

/** Q4_0: 32 numbers are a float16 scale and 16 bytes of two. */
const BLOCK_BYTES = 18;
const SCALE = toHalf(0.003);

const [folder] = process.argv.slice(2);
if (folder === undefined) throw new Error('Usage: npm run bench:weights -- FOLDER');
mkdirSync(folder, { recursive: true });
writeGguf(join(folder, 'model.gguf'), languageModel());
writeGguf(
  join(folder, 'mmproj.gguf'),
  randomVision({
    blocks: 23,
    visionWidth: 1024,
    visionHeads: 16,
    visionHidden: 4096,
    imageSize: 336,
    patchSize: 14,
    projectorWidth: WIDTH,
    visionType: 'F16',
    sameBlocks: true,
  }),
);

function languageModel(): GgufToWrite {
  const metadata = new Map<string, TypedValue>([
    ...textMetadata({
      textWidth: WIDTH,
      textBlocks: BLOCKS,
      textHeads: HEADS,
      textHidden: HIDDEN,
      contextLength: CONTEXT,
    }),
    ['general.name', { type: 'string', value: 'random LLaMA of 7B shapes' }],
    ['general.file_type', { type: 'uint32', value: 2 }],
    ...llama2Vocabulary(),
  ]);
  return { version: 3, metadata, tensors: languageTensors() };
}

/** All matrices are parts of one: what they hold makes no difference to how long they take. */
function languageTensors(): TensorToWrite[] {
  const numbers = randomBlocks((VOCABULARY * WIDTH) / 32);
  const matrix = (name: string, inputs: number, outputs: number): TensorToWrite => ({
    name: `${name}.weight`,
    shape: [inputs, outputs],
    type: 'Q4_0',
    bytes: numbers.subarray(0, ((inputs * outputs) / 32) * BLOCK_BYTES),
  });
  const ones = new Uint8Array(new Float32Array(WIDTH).fill(1).buffer);
  const norm = (name: string): TensorToWrite => ({
    name: `${name}.weight`,
    shape: [WIDTH],
    type: 'F32',
    bytes: ones,
  });
  const blocks = Array.from({ length: BLOCKS }, (_, block) => `blk.${block}`).flatMap((block) => [
    norm(`${block}.attn_norm`),
    ...['attn_q', 'attn_k', 'attn_v', 'attn_output'].map((name) => matrix(`${block}.${name}`, WIDTH, WIDTH)),
    norm(`${block}.ffn_norm`),
    ...['ffn_gate', 'ffn_up'].map((name) => matrix(`${block}.${name}`, WIDTH, HIDDEN)),
    matrix(`${block}.ffn_down`, HIDDEN, WIDTH),
  ]);
  return [
    matrix('token_embd', WIDTH, VOCABULARY),
    ...blocks,
    norm('output_norm'),
    matrix('output', WIDTH, VOCABULARY),
  ];
}

function randomBlocks(count: number): Uint8Array {
  const bytes = randomFillSync(Buffer.alloc(count * BLOCK_BYTES));
  for (let block = 0; block < count; block++) bytes.writeUInt16LE(SCALE, block * BLOCK_BYTES);
  return bytes;
}
