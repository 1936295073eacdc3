import { join } from 'node:path';
import { checkpointError } from '../checkpoint-error.js';
import { readByteLevelVocabulary } from './byte-level-vocabulary.js';
import { readFallbackVocabulary, hasByteFallback } from './fallback-vocabulary.js';
import { readSentencePiece } from './sentencepiece-model.js';
import { sentencePieceVocabulary } from './sentencepiece-vocabulary.js';
import { readTokenizerFiles } from './tokenizer-files.js';
import type { Vocabulary } from './vocabulary.js';

/**
 * The vocabulary of a checkpoint, as llama.cpp's converter writes it: from `tokenizer.model` where there is one, else from
 * `tokenizer.json`, which may be SentencePiece's or byte-level BPE.
 * @param rows of the embeddings: each gets a token
 * @throws ExpectedError('weights') when there is neither, or a kind of tokenizer that llama.cpp does not have
 */
export async function readVocabulary(folder: string, rows: number): Promise<Vocabulary> {
  const files = await readTokenizerFiles(folder);
  const pieces = await readSentencePiece(join(folder, 'tokenizer.model'));
  if (pieces !== undefined) return sentencePieceVocabulary(pieces, files, rows);
  const { tokenizer } = files;
  if (tokenizer === undefined)
    throw checkpointError(
      folder,
      'has no vocabulary: neither tokenizer.model nor tokenizer.json',
      'Download the tokenizer’s files of the model into the folder.',
    );
  return hasByteFallback(tokenizer)
    ? readFallbackVocabulary(tokenizer, files, rows)
    : readByteLevelVocabulary(tokenizer, files, rows);
}
