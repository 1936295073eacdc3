import { readSpecialTokens } from './special-tokens.js';
import type { Piece } from './sentencepiece-model.js';
import { looksSpecial, readAddedIds, readDecoder, type TokenizerFiles } from './tokenizer-files.js';
import { TOKEN_TYPES, type Vocabulary } from './vocabulary.js';

/** Of tokens that were added later; no text is ever merged into them. */
const ADDED_SCORE = -1000;
const UNUSED_SCORE = -10_000;

/**
 * Pieces, then added tokens over them, then the settings' over these; rows that have none are unused. Source: llama.cpp
 * v0.5.0, `_create_vocab_sentencepiece` in conversion/base.py.
 */
export function sentencePieceVocabulary(
  pieces: readonly Piece[],
  files: TokenizerFiles,
  rows: number,
): Vocabulary {
  const tokens = Array.from({ length: rows }, (_, id) => paddingToken(id));
  const scores = tokens.map(() => UNUSED_SCORE);
  const types: number[] = tokens.map(() => TOKEN_TYPES.unused);
  const set = (id: number, text: string, score: number, type: number) => {
    if (id >= rows) return;
    tokens[id] = text;
    scores[id] = score;
    types[id] = type;
  };
  for (const [id, { text, score, type }] of pieces.entries()) set(id, text, score, typeOfPiece(type));
  for (const { id, text } of readAddedIds(files.added)) set(id, text, ADDED_SCORE, TOKEN_TYPES.userDefined);
  for (const { id, text, isSpecial } of readDecoder(files.settings)) {
    if (isSpecial || looksSpecial(text)) set(id, text, ADDED_SCORE, TOKEN_TYPES.control);
    else set(id, plainSpaces(text), ADDED_SCORE, TOKEN_TYPES.userDefined);
  }
  return llamaVocabulary({ tokens, scores, types }, files);
}

/** The vocabulary of SentencePiece's kind with those rows. */
export function llamaVocabulary(
  rows: Pick<Vocabulary, 'tokens' | 'scores' | 'types'>,
  files: TokenizerFiles,
): Vocabulary {
  return {
    model: 'llama',
    pre: 'default',
    ...rows,
    merges: undefined,
    ...readSpecialTokens(files, rows.tokens.length),
    addSpacePrefix: files.settings?.flag('add_prefix_space'),
  };
}

/** What stands for a row of the embeddings that no token has. */
export function paddingToken(id: number): string {
  return `[PAD${id}]`;
}

/** Tokens of users are looked for in text, where SentencePiece's sign for a space is a space. */
export function plainSpaces(text: string): string {
  return text.replaceAll('▁', ' ');
}

/** User-defined pieces count as normal ones. */
function typeOfPiece(type: number): number {
  const { unknown, control, unused, byte, normal } = TOKEN_TYPES;
  return ([unknown, control, unused, byte] as readonly number[]).includes(type) ? type : normal;
}
