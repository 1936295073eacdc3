import type { PairSizes, WeightPart } from './weight-sizes.js';

/** The published sizes of LLaVA-1.5. */
export type KnownSize = '7b' | '13b';

interface Shape {
  readonly width: number;
  readonly blocks: number;
  readonly heads: number;
  readonly feedForward: number;
}

/** Of the Llama 2 inside. Source: haotian-liu/llava-v1.5-7b and -13b, config.json. */
const SHAPES: Readonly<Record<KnownSize, Shape>> = {
  '7b': { width: 4096, blocks: 32, heads: 32, feedForward: 11008 },
  '13b': { width: 5120, blocks: 40, heads: 40, feedForward: 13824 },
};
const VOCABULARY = 32000;
const CONTEXT_LENGTH = 4096;
/** CLIP ViT-L/14 at 336 pixels: 24 × 24 patches and the class token. */
const TOWER = { positions: 577, width: 1024, feedForward: 4096, heads: 16 };

/**
 * Sizes of weights that are not here, from the sizes of their files: bytes are shared out by counts of numbers.
 * @param type ggml's name of the number format of most matrices, such as `q4_K`
 */
export function estimateSizes(
  size: KnownSize,
  files: { readonly modelBytes: number; readonly mmprojBytes: number },
  type: string,
): PairSizes {
  const { width, blocks, heads, feedForward } = SHAPES[size];
  const inBlock = 4 * width ** 2 + 3 * width * feedForward;
  const inVocabulary = width * VOCABULARY;
  const bytesEach = files.modelBytes / (blocks * inBlock + 2 * inVocabulary);
  let end = 0;
  const part = (numbers: number, largest: number): WeightPart => {
    const start = end;
    const bytes = numbers * bytesEach;
    end += bytes;
    return { bytes, matrices: new Map([[type, bytes]]), largestBytes: largest * bytesEach, start, end };
  };
  return {
    text: {
      fileBytes: files.modelBytes,
      tokenEmbedding: part(inVocabulary, inVocabulary),
      blocks: Array.from({ length: blocks }, () => part(inBlock, width * feedForward)),
      output: part(inVocabulary, inVocabulary),
      width,
      feedForward,
      vocabulary: VOCABULARY,
      keyWidth: width,
      headWidth: width / heads,
      contextLength: CONTEXT_LENGTH,
    },
    vision: {
      fileBytes: files.mmprojBytes,
      weightBytes: files.mmprojBytes,
      outputWidth: width,
      ...TOWER,
    },
  };
}
