import { join } from 'node:path';
import { LLAMA3 } from '../../src/llava/conversations/llama3.js';
import { PHI3 } from '../../src/llava/conversations/phi3.js';
import { writeRandomPair, type PairPaths } from '../reference/random-pair.js';
import { LLAMA_3, llama3Vocabulary } from '../reference/llama3-vocabulary.js';
import { llama2Tokens } from '../reference/llama2-vocabulary.js';
import { phi3Vocabulary, type AddedAs } from '../reference/phi3-vocabulary.js';

/** Shapes of models that talk in other forms than LLaVA-1.5, small and with random weights. */
export const FORM_PAIRS = { llama3: LLAMA3, phi3: PHI3 } as const;
export type FormPairName = keyof typeof FORM_PAIRS;

/** Words that answers are made of: so few that ends come as well. */
const WORDS = 40;

/**
 * Writes such a pair. Llama 3's: grouped queries, 128,256 tokens, turns of another base, no `tokenizer.ggml.pre`. Phi-3's: heads 96
 * wide, 32,064 tokens, an end that is not that of answers.
 */
export function writeFormPair(parent: string, name: FormPairName, addedAs?: AddedAs): PairPaths {
  const folder = join(parent, `${name}${addedAs ?? ''}`);
  if (name === 'llama3')
    return writeRandomPair(folder, {
      seed: 11,
      textWidth: 64,
      textHeads: 4,
      textKeyHeads: 2,
      textHidden: 96,
      ropeBase: 500_000,
      vocabularySize: LLAMA_3.tokens.length,
      vocabulary: llama3Vocabulary(),
      answerable: [...wordsAmong(LLAMA_3.tokens, /^Ġ[a-z]{3,}$/), 128_001, 128_009],
    });
  return writeRandomPair(folder, {
    seed: 12,
    textWidth: 192,
    textHeads: 2,
    textHidden: 256,
    vocabularySize: 32_064,
    vocabulary: phi3Vocabulary(addedAs),
    answerable: [...wordsAmong(llama2Tokens(), /^▁[a-z]{3,}$/), 32_000, 32_007],
  });
}

function wordsAmong(tokens: readonly string[], pattern: RegExp): readonly number[] {
  return tokens.flatMap((text, id) => (pattern.test(text) ? [id] : [])).slice(0, WORDS);
}

/** The pictures of the references, by their number. */
export function picturePixels(number: number, size: number): Uint8Array {
  return Uint8Array.from({ length: size * size * 3 }, (_, index) => (index * 7 + number * 13) % 256);
}
