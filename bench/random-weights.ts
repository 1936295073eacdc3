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
import { toHalf } from '../test/reference/half.js';
import { llama2Vocabulary } from '../test/reference/llama2-vocabulary.js';
import { randomVision } from '../test/reference/random-vision.js';

const WIDTH = 4096;
const BLOCKS = 32;
const HEADS = 32;
const HIDDEN = 11008;
const VOCABULARY = 32_000;
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
  const uint32 = (value: number): TypedValue => ({ type: 'uint32', value });
  const metadata = new Map<string, TypedValue>([
    ['general.architecture', { type: 'string', value: 'llama' }],
    ['general.name', { type: 'string', value: 'random LLaMA of 7B shapes' }],
    ['general.file_type', uint32(2)],
    ['llama.context_length', uint32(CONTEXT)],
    ['llama.embedding_length', uint32(WIDTH)],
    ['llama.block_count', uint32(BLOCKS)],
    ['llama.feed_forward_length', uint32(HIDDEN)],
    ['llama.rope.dimension_count', uint32(WIDTH / HEADS)],
    ['llama.attention.head_count', uint32(HEADS)],
    ['llama.attention.head_count_kv', uint32(HEADS)],
    ['llama.attention.layer_norm_rms_epsilon', { type: 'float32', value: 1e-5 }],
    ['tokenizer.ggml.model', { type: 'string', value: 'llama' }],
    ['tokenizer.ggml.bos_token_id', uint32(1)],
    ['tokenizer.ggml.eos_token_id', uint32(2)],
    ['tokenizer.ggml.unknown_token_id', uint32(0)],
    ['tokenizer.ggml.add_bos_token', { type: 'bool', value: true }],
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
