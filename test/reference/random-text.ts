import { tensorToWrite, type GgufToWrite, type TensorToWrite, type TypedValue } from './gguf-writer.js';
import type { WritableType } from './quantise.js';
import { Seeded } from './seeded.js';
import { smallVocabulary } from './vocabulary.js';

/** A LLaMA file with random weights; every field has a small default. */
export interface TextOptions {
  readonly seed?: number;
  readonly version?: 2 | 3;
  readonly textWidth?: number;
  readonly textBlocks?: number;
  readonly textHeads?: number;
  /** Heads of keys and values; fewer than textHeads is grouped-query attention. */
  readonly textKeyHeads?: number;
  readonly textHidden?: number;
  readonly vocabularySize?: number;
  readonly contextLength?: number;
  /** llama.rope.freq_base; not written if not given. */
  readonly ropeBase?: number;
  readonly textType?: WritableType;
  /** Metadata of another vocabulary, of `vocabularySize` tokens. */
  readonly vocabulary?: ReadonlyMap<string, TypedValue>;
  /** general.name. */
  readonly textName?: string;
  /** Tokens that can be the best; default: all but <unk>, <s> and the byte tokens. */
  readonly answerable?: readonly number[];
}

export function randomText(options: TextOptions = {}): GgufToWrite {
  return { version: options.version ?? 3, metadata: textMetadata(options), tensors: tensorsOf(options) };
}

function sizesOf(options: TextOptions) {
  const heads = options.textHeads ?? 4;
  return {
    width: options.textWidth ?? 128,
    blocks: options.textBlocks ?? 2,
    heads,
    keyHeads: options.textKeyHeads ?? heads,
    hidden: options.textHidden ?? 256,
    vocabulary: options.vocabularySize ?? 512,
    context: options.contextLength ?? 2048,
  };
}

/** The metadata of such a file. */
export function textMetadata(options: TextOptions): Map<string, TypedValue> {
  const { width, blocks, heads, keyHeads, hidden, vocabulary, context } = sizesOf(options);
  const small = options.vocabulary === undefined ? smallVocabulary(vocabulary) : undefined;
  const uint32 = (value: number): TypedValue => ({ type: 'uint32', value });
  const metadata = new Map<string, TypedValue>([
    ['general.architecture', { type: 'string', value: 'llama' }],
    ['general.name', { type: 'string', value: options.textName ?? 'random LLaMA' }],
    ['llama.context_length', uint32(context)],
    ['llama.embedding_length', uint32(width)],
    ['llama.block_count', uint32(blocks)],
    ['llama.feed_forward_length', uint32(hidden)],
    ['llama.rope.dimension_count', uint32(width / heads)],
    ['llama.attention.head_count', uint32(heads)],
    ['llama.attention.head_count_kv', uint32(keyHeads)],
    ['llama.attention.layer_norm_rms_epsilon', { type: 'float32', value: 1e-5 }],
    ['llama.vocab_size', uint32(vocabulary)],
    ['general.file_type', uint32(options.textType === 'F16' ? 1 : 0)],
  ]);
  if (options.ropeBase !== undefined) {
    metadata.set('llama.rope.freq_base', { type: 'float32', value: options.ropeBase });
  }
  if (small === undefined) return new Map([...metadata, ...DEFAULT_TOKENIZER, ...(options.vocabulary ?? [])]);
  const { tokens, scores, kinds } = small;
  metadata.set('tokenizer.ggml.model', { type: 'string', value: 'llama' });
  metadata.set('tokenizer.ggml.tokens', { type: 'array', of: 'string', items: tokens });
  metadata.set('tokenizer.ggml.scores', { type: 'array', of: 'float32', items: scores });
  metadata.set('tokenizer.ggml.token_type', { type: 'array', of: 'int32', items: kinds });
  metadata.set('tokenizer.ggml.bos_token_id', uint32(1));
  metadata.set('tokenizer.ggml.eos_token_id', uint32(2));
  metadata.set('tokenizer.ggml.unknown_token_id', uint32(0));
  metadata.set('tokenizer.ggml.add_bos_token', { type: 'bool', value: true });
  metadata.set('tokenizer.ggml.add_eos_token', { type: 'bool', value: false });
  return metadata;
}

/** What a vocabulary of LLaMA-2's kind says beside its tokens. */
const DEFAULT_TOKENIZER = new Map<string, TypedValue>([
  ['tokenizer.ggml.model', { type: 'string', value: 'llama' }],
  ['tokenizer.ggml.bos_token_id', { type: 'uint32', value: 1 }],
  ['tokenizer.ggml.eos_token_id', { type: 'uint32', value: 2 }],
  ['tokenizer.ggml.unknown_token_id', { type: 'uint32', value: 0 }],
]);

function tensorsOf(options: TextOptions): TensorToWrite[] {
  const { width, blocks, heads, keyHeads, hidden, vocabulary } = sizesOf(options);
  const random = new Seeded((options.seed ?? 0) + 1000);
  const type = options.textType ?? 'F32';
  const keys = (width / heads) * keyHeads;

  const norm = (name: string): TensorToWrite =>
    tensorToWrite(name, [width], 'F32', random.normal(width, 0.2, 1));
  const matrix = (name: string, inputs: number, outputs: number, scale = 1): TensorToWrite =>
    tensorToWrite(name, [inputs, outputs], type, random.normal(inputs * outputs, scale / Math.sqrt(inputs)));
  const block = (name: string): TensorToWrite[] => [
    norm(`${name}.attn_norm.weight`),
    matrix(`${name}.attn_q.weight`, width, width, 1.6),
    matrix(`${name}.attn_k.weight`, width, keys, 1.6),
    matrix(`${name}.attn_v.weight`, width, keys),
    matrix(`${name}.attn_output.weight`, width, width),
    norm(`${name}.ffn_norm.weight`),
    matrix(`${name}.ffn_gate.weight`, width, hidden),
    matrix(`${name}.ffn_up.weight`, width, hidden),
    matrix(`${name}.ffn_down.weight`, hidden, width),
  ];
  return [
    matrix('token_embd.weight', width, vocabulary),
    ...Array.from({ length: blocks }, (_, i) => block(`blk.${i}`)).flat(),
    norm('output_norm.weight'),
    tensorToWrite(
      'output.weight',
      [width, vocabulary],
      type,
      outputMatrix(random, width, vocabulary, options.answerable),
    ),
  ];
}

/**
 * Scores far enough apart that the best token leads clearly; those of <unk>, <s> and the byte tokens are 0,
 * which is never the best of so many, so that answers are readable pieces. </s> may come.
 */
function outputMatrix(
  random: Seeded,
  width: number,
  vocabulary: number,
  answerable?: readonly number[],
): Float32Array {
  if (answerable !== undefined) {
    const few = new Float32Array(width * vocabulary);
    for (const token of answerable) few.set(random.normal(width, 4 / Math.sqrt(width)), token * width);
    return few;
  }
  const values = random.normal(width * vocabulary, 4 / Math.sqrt(width));
  for (const [first, last] of [
    [0, 1],
    [3, 258],
  ] as const) {
    values.fill(0, first * width, (last + 1) * width);
  }
  return values;
}
