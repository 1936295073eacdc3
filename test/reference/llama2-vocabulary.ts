import llamaTokenizer from 'llama-tokenizer-js';
import type { TypedValue } from './gguf-writer.js';

/** LLaMA-2's own vocabulary: ids 0–2 are special, 3–258 bytes, and a piece's score is minus its rank. */
const FIRST_PIECE = 259;

/** LLaMA-2's 32,000 tokens. */
export function llama2Tokens(): readonly string[] {
  return llamaTokenizer.vocabById;
}

/** The metadata of a model with LLaMA-2's 32,000 tokens. */
export function llama2Vocabulary(): Map<string, TypedValue> {
  const tokens = llamaTokenizer.vocabById;
  const kindOf = (id: number) => (id === 0 ? 2 : id < 3 ? 3 : id < FIRST_PIECE ? 6 : 1);
  return new Map<string, TypedValue>([
    ['llama.vocab_size', { type: 'uint32', value: tokens.length }],
    ['tokenizer.ggml.tokens', { type: 'array', of: 'string', items: tokens }],
    ['tokenizer.ggml.scores', { type: 'array', of: 'float32', items: tokens.map(scoreOf) }],
    ['tokenizer.ggml.token_type', { type: 'array', of: 'int32', items: tokens.map((_, id) => kindOf(id)) }],
  ]);
}

/** Runs of spaces were added to the trained pieces, to be merged after all of them. */
function scoreOf(piece: string, id: number): number {
  return /^▁▁+$/.test(piece) ? -1e9 : Math.min(0, FIRST_PIECE - id);
}
