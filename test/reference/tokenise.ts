import { numbersOf, type GgufFile } from './gguf-reader.js';

/**
 * SentencePiece's greedy segmentation (Kudo and Richardson, 2018; the BPE kind that LLaMA uses): a space in
 * front, spaces as ▁, then always the neighbouring pair that makes the best-scored piece, leftmost first;
 * what no piece covers becomes bytes.
 */
export function tokenise(file: GgufFile, text: string): number[] {
  if (text === '') {
    return [];
  }
  const { ids, scores } = lexicon(file);
  const symbols = Array.from(` ${text}`.replaceAll(' ', '\u2581'));
  for (;;) {
    let best = -1;
    let bestScore = -Infinity;
    for (let i = 0; i + 1 < symbols.length; i++) {
      const id = ids.get(symbols[i]! + symbols[i + 1]!);
      const score = id === undefined ? -Infinity : scores[id]!;
      if (score > bestScore) {
        [best, bestScore] = [i, score];
      }
    }
    if (best < 0) {
      break;
    }
    symbols.splice(best, 2, symbols[best]! + symbols[best + 1]!);
  }
  return symbols.flatMap((symbol) => {
    const id = ids.get(symbol);
    return id === undefined ? Array.from(Buffer.from(symbol), (byte) => ids.get(byteName(byte))!) : [id];
  });
}

/** The text of tokens, white space at both ends cut; for pieces that are no bytes. */
export function textOf(file: GgufFile, tokens: readonly number[]): string {
  const { texts } = lexicon(file);
  const pieces = tokens.map((token) => texts[token]!);
  return pieces.join('').replaceAll('\u2581', ' ').trim();
}

function byteName(byte: number): string {
  return `<0x${byte.toString(16).toUpperCase().padStart(2, '0')}>`;
}

function lexicon(file: GgufFile): { texts: string[]; ids: Map<string, number>; scores: number[] } {
  const tokens = file.metadata.get('tokenizer.ggml.tokens');
  const texts = Array.isArray(tokens) ? tokens.map(String) : [];
  return {
    texts,
    ids: new Map(texts.map((text, id) => [text, id])),
    scores: numbersOf(file, 'tokenizer.ggml.scores'),
  };
}
