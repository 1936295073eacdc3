import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { checkTextModel } from '../../src/weights/check/check-text-model.js';
import { readGgufHeader } from '../../src/weights/gguf/gguf-header.js';
import { temporaryFolder } from '../helpers/temporary-folder.js';
import { writeGguf, type TypedValue } from '../reference/gguf-writer.js';
import { randomText } from '../reference/random-text.js';

const path = join(temporaryFolder(), 'model.gguf');
const text = randomText({ textWidth: 32, textBlocks: 1, vocabularySize: 400 });

const uint32 = (value: number): TypedValue => ({ type: 'uint32', value });
const tokens = itemsOf('tokenizer.ggml.tokens');
const strings = (items: readonly string[]): TypedValue => ({ type: 'array', of: 'string', items });
const int32s = (items: readonly number[]): TypedValue => ({ type: 'array', of: 'int32', items });

/** Each of these makes llama.cpp v0.5.0 end the process, when it is loaded or when it answers. */
const deadly: [name: string, key: string, value: TypedValue | undefined, says: RegExp][] = [
  ['no feed-forward length', 'llama.feed_forward_length', undefined, /feed_forward_length" is missing/],
  ['a feed-forward length of 0', 'llama.feed_forward_length', uint32(0), /is "0"/],
  [
    'a negative epsilon',
    'llama.attention.layer_norm_rms_epsilon',
    { type: 'float32', value: -1 },
    /epsilon" is -1/,
  ],
  [
    'an epsilon that is no number',
    'llama.attention.layer_norm_rms_epsilon',
    { type: 'float32', value: NaN },
    /not between 0 and 1/,
  ],
  ['an unknown rope scaling', 'llama.rope.scaling.type', { type: 'string', value: 'su' }, /"su", not one of/],
  ['experts', 'llama.expert_count', uint32(8), /mixture of experts/],
  ['groups of experts', 'llama.expert_group_count', uint32(2), /mixture of experts/],
  ['several tokens at once', 'llama.nextn_predict_layers', uint32(2), /several tokens predicted/],
  ['attention to what comes', 'llama.attention.causal', { type: 'bool', value: false }, /looks ahead/],
  ['heads that share nothing', 'llama.attention.head_count_kv', uint32(3), /4 heads cannot share 3/],
  ['values of another width', 'llama.attention.value_length', uint32(4), /value_length" is 4/],
  ['a token twice', 'tokenizer.ggml.tokens', strings(tokens.with(300, '<0x41>')), /the token "<0x41>" twice/],
  [
    'a token twice up to its null character',
    'tokenizer.ggml.tokens',
    strings(tokens.with(300, '<0x41>\0')),
    /twice/,
  ],
  [
    'a token that is called as an empty one',
    'tokenizer.ggml.tokens',
    strings(tokens.with(300, '').with(301, '[EMPTY_300]')),
    /"\[EMPTY_300\]" twice/,
  ],
  [
    'a byte without a token',
    'tokenizer.ggml.tokens',
    strings(tokens.with(3 + 0xc3, 'quiz')),
    /no token for the byte C3/,
  ],
  ['tokens that are numbers', 'tokenizer.ggml.tokens', int32s(tokens.map(() => 1)), /no tokens/],
  [
    'a byte token that names none',
    'tokenizer.ggml.token_type',
    int32s(tokens.map((_, id) => (id === 300 ? 6 : 1))),
    /token 300, ".+", is meant to be a byte/,
  ],
  ['too few token types', 'tokenizer.ggml.token_type', int32s([1, 1]), /types for 2 of them/],
  ['a special token beyond the last', 'tokenizer.ggml.eos_token_id', uint32(400), /eos_token_id" is 400/],
];

function itemsOf(key: string): readonly string[] {
  const value = text.metadata.get(key);
  if (value?.type !== 'array' || value.of !== 'string') throw new Error('Expected a list of texts');
  return value.items;
}

it.each(deadly)('refuses %s', async (_, key, value, says) => {
  const metadata = new Map(text.metadata);
  if (value === undefined) metadata.delete(key);
  else metadata.set(key, value);
  writeGguf(path, { ...text, metadata });
  const header = await readGgufHeader(path);
  expect(() => checkTextModel(header)).toThrow(says);
});

/** An entry's name in the directory, its number of dimensions and their sizes come before its number format. */
function setFormat(name: string, dimensions: number, format: number): void {
  const bytes = readFileSync(path);
  const at = bytes.indexOf(name) + name.length + 4 + 8 * dimensions;
  expect(bytes.readUInt32LE(at)).toBe(0);
  bytes.writeUInt32LE(format, at);
  writeFileSync(path, bytes);
}

it.each([
  ['a norm of whole numbers', 'blk.0.attn_norm.weight', 1],
  ['a matrix of whole numbers', 'blk.0.ffn_gate.weight', 2],
])('refuses %s', async (_, name, dimensions) => {
  writeGguf(path, text);
  const I32 = 26;
  setFormat(name, dimensions, I32);
  const header = await readGgufHeader(path);
  expect(() => checkTextModel(header)).toThrow(/numbers of format i32/);
});

it('refuses a matrix of another shape', async () => {
  const tensors = text.tensors.map((one) =>
    one.name === 'blk.0.ffn_down.weight' ? { ...one, shape: [...one.shape].reverse() } : one,
  );
  writeGguf(path, { ...text, tensors });
  const header = await readGgufHeader(path);
  expect(() => checkTextModel(header)).toThrow(/"blk\.0\.ffn_down\.weight" is 32×256, not 256×32/);
});
