/** What a token is, by the numbers of SentencePiece and GGUF. */
export const TOKEN_TYPES = {
  normal: 1,
  unknown: 2,
  control: 3,
  userDefined: 4,
  unused: 5,
  byte: 6,
} as const;

export type SpecialToken = 'bos' | 'eos' | 'unk' | 'sep' | 'pad' | 'mask' | 'eot' | 'eom';

/**
 * A vocabulary with the values that llama.cpp's converter (v0.5.0) writes for the same files; the maps are in the
 * order in which it writes them.
 */
export interface Vocabulary {
  /** `tokenizer.ggml.model`: SentencePiece or byte-level BPE. */
  readonly model: 'llama' | 'gpt2';
  /** `tokenizer.ggml.pre`. */
  readonly pre: string;
  /** One for each row of the embeddings. */
  readonly tokens: readonly string[];
  /** Float32 values, one for each token; undefined for `gpt2`. */
  readonly scores: readonly number[] | undefined;
  /** `TOKEN_TYPES`, one for each token. */
  readonly types: readonly number[];
  /** Pairs with a space between; only for `gpt2`. */
  readonly merges: readonly string[] | undefined;
  /** `tokenizer.ggml.<name>_token_id`. */
  readonly specialTokens: ReadonlyMap<SpecialToken, number>;
  /** `tokenizer.ggml.add_<name>_token`. */
  readonly addedTokens: ReadonlyMap<'bos' | 'eos' | 'sep', boolean>;
  /** `tokenizer.ggml.add_space_prefix`; undefined where nothing is said. */
  readonly addSpacePrefix: boolean | undefined;
}
