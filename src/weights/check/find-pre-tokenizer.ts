import type { GgufHeader } from '../gguf/gguf-header.js';
import type { VocabularyInfo } from './check-vocabulary.js';
import { textAt } from './header-fields.js';

/** Tokens that tell Llama 3's vocabulary from all others. Source: meta-llama/Meta-Llama-3-8B, tokenizer_config.json. */
const OF_LLAMA_3: readonly (readonly [id: number, text: string])[] = [
  [128_000, '<|begin_of_text|>'],
  [128_001, '<|end_of_text|>'],
  [128_006, '<|start_header_id|>'],
  [128_007, '<|end_header_id|>'],
  [128_009, '<|eot_id|>'],
];

/** How text is cut into words before byte pairs are joined. */
export interface PreTokenizerFinding {
  /** What to tell llama.cpp where the file does not: its value of `tokenizer.ggml.pre`. */
  readonly preTokenizer: string | undefined;
  /** In a sentence, where neither says it. */
  readonly warning: string | undefined;
}

/**
 * Files of before May 2024 do not say how text is cut into words: llama.cpp then takes a way that is none of any model's, and
 * splits digits and contractions wrongly. Llama 3's vocabulary is known by its size and its special tokens.
 */
export function findPreTokenizer(header: GgufHeader, { kind, texts }: VocabularyInfo): PreTokenizerFinding {
  const stated = textAt(header, 'tokenizer.ggml.pre');
  if (kind !== 'gpt2' || (stated !== undefined && stated !== '' && stated !== 'default'))
    return { preTokenizer: undefined, warning: undefined };
  if (OF_LLAMA_3.every(([id, text]) => texts[id] === text))
    return { preTokenizer: 'llama-bpe', warning: undefined };
  return {
    preTokenizer: undefined,
    warning:
      'Its file does not say how text is cut into words ("tokenizer.ggml.pre"), so answers may be worse; convert it again with a newer llama.cpp.',
  };
}
