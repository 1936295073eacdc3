import llamaTokenizer from 'llama-tokenizer-js';
import type { TypedValue } from './gguf-writer.js';

/** LLaMA-2's own vocabulary: ids 0–2 are special, 3–258 bytes, and a piece's score is minus its rank. */
const FIRST_PIECE = 259;

/** LLaMA-2's 32,000 tokens. */
export function llama2Tokens(): readonly string[] {
  return llamaTokenizer.vocabById;
}

/** The same with score and type, which SentencePiece and GGUF number alike. */
export function llama2Pieces(): readonly {
  readonly text: string;
  readonly score: number;
  readonly type: number;
}[] {
  const typeOf = (id: number) => (id === 0 ? 2 : id < 3 ? 3 : id < FIRST_PIECE ? 6 : 1);
  return llama2Tokens().map((text, id) => ({ text, score: scoreOf(text, id), type: typeOf(id) }));
}

/** The metadata of a model with LLaMA-2's 32,000 tokens. */
export function llama2Vocabulary(): Map<string, TypedValue> {
  const pieces = llama2Pieces();
  return new Map<string, TypedValue>([
    ['llama.vocab_size', { type: 'uint32', value: pieces.length }],
    ['tokenizer.ggml.tokens', { type: 'array', of: 'string', items: pieces.map(({ text }) => text) }],
    ['tokenizer.ggml.scores', { type: 'array', of: 'float32', items: pieces.map(({ score }) => score) }],
    ['tokenizer.ggml.token_type', { type: 'array', of: 'int32', items: pieces.map(({ type }) => type) }],
  ]);
}

/** Runs of spaces were added to the trained pieces, to be merged after all of them. */
function scoreOf(piece: string, id: number): number {
  return /^▁▁+$/.test(piece) ? -1e9 : Math.min(0, FIRST_PIECE - id);
}
