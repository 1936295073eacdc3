import llama3Tokenizer from 'llama3-tokenizer-js';
import type { TypedValue } from './gguf-writer.js';

/** Where the tokens begin that stand for no words. */
export const FIRST_SPECIAL = 128_000;

/** Llama 3's vocabulary: byte pairs, and the pairs in the order of their joining. */
export const LLAMA_3 = {
  tokens: llama3Tokenizer.vocabById,
  merges: [...llama3Tokenizer.merges].sort(([, a], [, b]) => a - b).map(([pair]) => pair),
};

/**
 * The metadata of a model with Llama 3's 128,256 tokens, as files of April 2024 have it: without `tokenizer.ggml.pre`, and
 * the end of the text for its end.
 */
export function llama3Vocabulary(): Map<string, TypedValue> {
  const { tokens, merges } = LLAMA_3;
  const kinds = tokens.map((_, id) => (id < FIRST_SPECIAL ? 1 : 3));
  return new Map<string, TypedValue>([
    ['llama.vocab_size', { type: 'uint32', value: tokens.length }],
    ['tokenizer.ggml.model', { type: 'string', value: 'gpt2' }],
    ['tokenizer.ggml.tokens', { type: 'array', of: 'string', items: tokens }],
    ['tokenizer.ggml.token_type', { type: 'array', of: 'int32', items: kinds }],
    ['tokenizer.ggml.merges', { type: 'array', of: 'string', items: merges }],
    ['tokenizer.ggml.bos_token_id', { type: 'uint32', value: 128_000 }],
    ['tokenizer.ggml.eos_token_id', { type: 'uint32', value: 128_001 }],
  ]);
}
