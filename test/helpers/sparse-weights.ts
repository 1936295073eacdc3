import { truncateSync, writeFileSync } from 'node:fs';
import { entry, gguf, tensor, text, u32 } from './gguf-bytes.js';

/** A language model's shape; as many heads of keys as of queries. */
export interface TextShape {
  readonly width: number;
  readonly blocks: number;
  readonly heads: number;
  readonly feedForward: number;
  readonly vocabulary: number;
}

export const LLAMA_7B: TextShape = {
  width: 4096,
  blocks: 32,
  heads: 32,
  feedForward: 11008,
  vocabulary: 32000,
};
export const LLAMA_13B: TextShape = {
  width: 5120,
  blocks: 40,
  heads: 40,
  feedForward: 13824,
  vocabulary: 32000,
};

const F32 = { id: 0, bytesOf32: 128 };
const TYPES = {
  f16: { id: 1, bytesOf32: 64 },
  q4_0: { id: 2, bytesOf32: 18 },
  q8_0: { id: 8, bytesOf32: 34 },
};

const numberEntry = (key: string, value: number) => entry(key, 4, u32(value));
const floatEntry = (key: string, value: number) =>
  entry(key, 6, Buffer.from(new Uint8Array(new Float32Array([value]).buffer)));
const wordEntry = (key: string, value: string) => entry(key, 8, text(value));

/**
 * Writes a language model that is all header: as long as a real one, its numbers a hole that takes no disk.
 * It has no vocabulary, which llama.cpp allows when told so.
 */
export function writeSparseModel(path: string, shape: TextShape, type: keyof typeof TYPES): void {
  const { width, blocks, heads, feedForward, vocabulary } = shape;
  let offset = 0;
  const tensors: Buffer[] = [];
  const add = (name: string, sizes: number[], { id, bytesOf32 } = TYPES[type]) => {
    tensors.push(tensor(name, sizes, id, offset));
    offset += (sizes.reduce((product, size) => product * size, 1) / 32) * bytesOf32;
  };
  add('token_embd.weight', [width, vocabulary]);
  for (let block = 0; block < blocks; block++) {
    const blk = `blk.${block}`;
    add(`${blk}.attn_norm.weight`, [width], F32);
    for (const name of ['attn_q', 'attn_k', 'attn_v', 'attn_output'])
      add(`${blk}.${name}.weight`, [width, width]);
    add(`${blk}.ffn_norm.weight`, [width], F32);
    for (const name of ['ffn_gate', 'ffn_up']) add(`${blk}.${name}.weight`, [width, feedForward]);
    add(`${blk}.ffn_down.weight`, [feedForward, width]);
  }
  add('output_norm.weight', [width], F32);
  add('output.weight', [width, vocabulary]);
  const entries = [
    wordEntry('general.architecture', 'llama'),
    numberEntry('llama.context_length', 4096),
    numberEntry('llama.embedding_length', width),
    numberEntry('llama.block_count', blocks),
    numberEntry('llama.feed_forward_length', feedForward),
    numberEntry('llama.rope.dimension_count', width / heads),
    numberEntry('llama.attention.head_count', heads),
    numberEntry('llama.attention.head_count_kv', heads),
    floatEntry('llama.attention.layer_norm_rms_epsilon', 1e-5),
    numberEntry('llama.vocab_size', vocabulary),
    wordEntry('tokenizer.ggml.model', 'no_vocab'),
  ];
  const head = gguf({ entries, tensors, dataBytes: 0 });
  writeFileSync(path, head);
  truncateSync(path, head.length + offset);
}
