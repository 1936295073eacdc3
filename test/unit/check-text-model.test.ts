import { join } from 'node:path';
import { expect, it } from 'vitest';
import { checkTextModel } from '../../src/weights/check/check-text-model.js';
import { readGgufHeader } from '../../src/weights/gguf/gguf-header.js';
import { temporaryFolder } from '../helpers/temporary-folder.js';
import { writeGguf, type TypedValue } from '../reference/gguf-writer.js';
import { randomText } from '../reference/random-text.js';

const path = join(temporaryFolder(), 'model.gguf');
const text = randomText({ textWidth: 32, textBlocks: 1, vocabularySize: 400 });

/** Each of these makes llama.cpp v0.5.0 abort the process when it is loaded. */
const deadly: [name: string, key: string, value: TypedValue | undefined, says: RegExp][] = [
  ['no feed-forward length', 'llama.feed_forward_length', undefined, /feed_forward_length" is missing/],
  ['a feed-forward length of 0', 'llama.feed_forward_length', { type: 'uint32', value: 0 }, /is "0"/],
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
  ['experts', 'llama.expert_count', { type: 'uint32', value: 8 }, /mixture of experts/],
  ['a token twice', 'tokenizer.ggml.tokens', withOneTwice(), /has the token "<0x41>" twice/],
];

function withOneTwice(): TypedValue {
  const tokens = text.metadata.get('tokenizer.ggml.tokens');
  if (tokens?.type !== 'array' || tokens.of !== 'string') throw new Error('Expected a list of texts');
  return { ...tokens, items: tokens.items.with(300, '<0x41>') };
}

it.each(deadly)('refuses %s', async (_, key, value, says) => {
  const metadata = new Map(text.metadata);
  if (value === undefined) metadata.delete(key);
  else metadata.set(key, value);
  writeGguf(path, { ...text, metadata });
  const header = await readGgufHeader(path);
  expect(() => checkTextModel(header)).toThrow(says);
});
