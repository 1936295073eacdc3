import type { TypedValue } from './gguf-writer.js';
import { llama2Vocabulary } from './llama2-vocabulary.js';

/** Phi-3's tokens behind LLaMA-2's 32,000. Source: microsoft/Phi-3-mini-4k-instruct, added_tokens.json. */
export const PHI_3_SPECIALS = [
  '<|endoftext|>',
  '<|assistant|>',
  '<|placeholder1|>',
  '<|placeholder2|>',
  '<|placeholder3|>',
  '<|placeholder4|>',
  '<|system|>',
  '<|end|>',
  '<|placeholder5|>',
  '<|placeholder6|>',
  '<|user|>',
];
const SIZE = 32_064;

/** How a converter stores the tokens that were added. */
export type AddedAs = 'control' | 'user-defined';

/** The metadata of a model with Phi-3's 32,064 tokens; its end is that of a text, not of an answer. */
export function phi3Vocabulary(addedAs: AddedAs = 'control'): Map<string, TypedValue> {
  const metadata = llama2Vocabulary();
  const add = (key: string, values: readonly (string | number)[]) => {
    const stored = metadata.get(key);
    if (stored?.type !== 'array') throw new Error(`Expected a list under ${key}`);
    metadata.set(key, { ...stored, items: [...stored.items, ...values] } as TypedValue);
  };
  const pads = Array.from({ length: SIZE - 32_000 - PHI_3_SPECIALS.length }, (_, index) => `[PAD${index}]`);
  const [control, unused, userDefined] = [3, 5, 4];
  const kind = addedAs === 'control' ? control : userDefined;
  add('tokenizer.ggml.tokens', [...PHI_3_SPECIALS, ...pads]);
  add('tokenizer.ggml.scores', [...PHI_3_SPECIALS.map(() => -1000), ...pads.map(() => -10_000)]);
  add('tokenizer.ggml.token_type', [...PHI_3_SPECIALS.map(() => kind), ...pads.map(() => unused)]);
  metadata.set('llama.vocab_size', { type: 'uint32', value: SIZE });
  metadata.set('tokenizer.ggml.eos_token_id', { type: 'uint32', value: 32_000 });
  return metadata;
}
