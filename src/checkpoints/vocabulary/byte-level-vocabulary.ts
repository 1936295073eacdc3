import { isObject } from '../../llava/json.js';
import { quote } from '../../llava/quote.js';
import { FETCH_AGAIN, fileError } from '../checkpoint-error.js';
import type { Fields } from '../configuration/fields.js';
import { readBaseVocabulary } from './base-vocabulary.js';
import { paddingToken, plainSpaces } from './sentencepiece-vocabulary.js';
import { readSpecialTokens } from './special-tokens.js';
import { looksSpecial, readAddedTokens, type TokenizerFiles } from './tokenizer-files.js';
import { TOKEN_TYPES, type Vocabulary } from './vocabulary.js';

/** Expressions that split a text before it is merged, by llama.cpp's names. Source: llama.cpp v0.5.0, llama-vocab.cpp. */
const SPLITS: ReadonlyMap<string, string> = new Map([
  [
    String.raw`(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+`,
    'llama-bpe',
  ],
  [
    String.raw`(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+`,
    'qwen2',
  ],
  [
    String.raw`[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+`,
    'tekken',
  ],
]);

const REMEDY = 'Only tokenizers of Llama, Llama 3, Mistral and GPT-2 are converted.';

/**
 * A byte-level BPE of `tokenizer.json`, as Llama 3 has it. Source: llama.cpp v0.5.0, `get_vocab_base` in
 * conversion/base.py, which tells the split by a hash of one text's tokens; here its expression tells it.
 */
export function readByteLevelVocabulary(tokenizer: Fields, files: TokenizerFiles, rows: number): Vocabulary {
  const pre = splitOf(tokenizer);
  const base = readBaseVocabulary(tokenizer);
  const added = new Map(readAddedTokens(tokenizer).map((token) => [token.id, token]));
  const last = [...base.keys(), ...added.keys()].reduce((most, id) => Math.max(most, id), -1);
  if (last >= rows)
    throw fileError(
      tokenizer.path,
      `has tokens up to ${last}, the embeddings have ${rows} rows`,
      'Take the tokenizer that belongs to the weights.',
    );
  const tokens: string[] = [];
  const types: number[] = [];
  for (let id = 0; id < rows; id++) {
    const token = added.get(id);
    const isControl = token !== undefined && (token.isSpecial || looksSpecial(token.text));
    if (isControl) tokens.push(token.text);
    else tokens.push(token === undefined ? (base.get(id) ?? paddingToken(id)) : plainSpaces(token.text));
    types.push(isControl ? TOKEN_TYPES.control : typeOf(token !== undefined, base.has(id)));
  }
  return {
    model: 'gpt2',
    pre,
    tokens,
    scores: undefined,
    types,
    merges: readMerges(tokenizer),
    ...readSpecialTokens(files, undefined),
    addSpacePrefix: files.settings?.flag('add_prefix_space'),
  };
}

function typeOf(isAdded: boolean, isBase: boolean): number {
  if (isAdded) return TOKEN_TYPES.userDefined;
  return isBase ? TOKEN_TYPES.normal : TOKEN_TYPES.unused;
}

/** The name of the split, told by its expression; byte-level BPE without one splits as GPT-2 does. */
function splitOf(tokenizer: Fields): string {
  const type = tokenizer.object('model')?.text('type') ?? '';
  if (type !== 'BPE')
    throw fileError(tokenizer.path, `describes a tokenizer of the type ${quote(type)}`, REMEDY);
  const outer = tokenizer.value('pre_tokenizer');
  const steps =
    isObject(outer) && Array.isArray(outer['pretokenizers'])
      ? (outer['pretokenizers'] as unknown[])
      : [outer];
  const objects = steps.filter(isObject);
  const split = objects.find((step) => step['type'] === 'Split');
  const bytes = objects.find((step) => step['type'] === 'ByteLevel');
  if (bytes === undefined) throw fileError(tokenizer.path, 'describes a BPE that is not byte-level', REMEDY);
  const pattern = split?.['pattern'];
  const expression = isObject(pattern) ? pattern['Regex'] : undefined;
  if (split === undefined && bytes['use_regex'] !== false) return 'gpt-2';
  const name = typeof expression === 'string' ? SPLITS.get(expression) : undefined;
  if (name !== undefined) return name;
  throw fileError(
    tokenizer.path,
    `splits texts in a way that is not known: ${quote(String(expression))}`,
    REMEDY,
  );
}

/** Since version 0.20 tokenizers writes pairs; a space within one is written as a byte-level space would be. */
function readMerges(tokenizer: Fields): readonly string[] {
  const merges = tokenizer.object('model')?.value('merges');
  const list = Array.isArray(merges) ? (merges as unknown[]) : [];
  const texts = list.map((merge) => {
    if (typeof merge === 'string') return merge;
    if (!Array.isArray(merge) || merge.length !== 2 || !merge.every((part) => typeof part === 'string'))
      return '';
    return merge.map((part) => part.replaceAll(' ', 'Ġ')).join(' ');
  });
  if (texts.length === 0 || texts.includes(''))
    throw fileError(tokenizer.path, 'is damaged: its merges are no pairs of tokens', FETCH_AGAIN);
  return texts;
}
