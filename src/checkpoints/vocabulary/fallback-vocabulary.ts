import { isObject } from '../../llava/json.js';
import { quote } from '../../llava/quote.js';
import { FETCH_AGAIN, fileError } from '../checkpoint-error.js';
import type { Fields } from '../configuration/fields.js';
import { readBaseVocabulary } from './base-vocabulary.js';
import { llamaVocabulary, paddingToken } from './sentencepiece-vocabulary.js';
import { readAddedTokens, type TokenizerFiles } from './tokenizer-files.js';
import { TOKEN_TYPES, type Vocabulary } from './vocabulary.js';

/** Without SentencePiece's own file the order of merges is not known as scores, and all are alike. */
const SCORE = -1000;
const UNUSED_SCORE = -10_000;

/** Whether a `tokenizer.json` is SentencePiece's BPE, whose unknown characters become bytes. */
export function hasByteFallback(tokenizer: Fields): boolean {
  const model = tokenizer.object('model');
  return model?.text('type') === 'BPE' && (model.flag('byte_fallback') ?? false);
}

/**
 * The vocabulary of a Llama whose `tokenizer.model` is missing, as llama.cpp's converter writes it from `tokenizer.json`.
 * Rows of the embeddings without a token are filled here, since llama.cpp refuses files that lack them. Source: llama.cpp
 * v0.5.0, `LlamaHfVocab` in gguf-py/gguf/vocab.py.
 */
export function readFallbackVocabulary(tokenizer: Fields, files: TokenizerFiles, rows: number): Vocabulary {
  const base = readBaseVocabulary(tokenizer);
  const specials = specialTexts(files);
  const tokens: string[] = [];
  const types: number[] = [];
  for (let id = 0; id < base.size; id++) {
    const text = base.get(id);
    if (text === undefined)
      throw fileError(tokenizer.path, `is damaged: its vocabulary has no token ${id}`, FETCH_AGAIN);
    tokens.push(text);
    types.push(baseType(text, specials));
  }
  const added = readAddedTokens(tokenizer).filter(({ id }) => id >= base.size);
  for (const { text } of added.toSorted((a, b) => a.id - b.id)) {
    tokens.push(text);
    types.push(specials.has(text) ? TOKEN_TYPES.control : TOKEN_TYPES.userDefined);
  }
  if (tokens.length > rows)
    throw fileError(
      tokenizer.path,
      `has ${tokens.length} tokens, the embeddings have ${quote(String(rows))} rows`,
      'Take the tokenizer that belongs to the weights.',
    );
  const scores = tokens.map(() => SCORE);
  for (let id = tokens.length; id < rows; id++) {
    tokens.push(paddingToken(id));
    types.push(TOKEN_TYPES.unused);
    scores.push(UNUSED_SCORE);
  }
  return llamaVocabulary({ tokens, scores, types }, files);
}

function baseType(text: string, specials: ReadonlySet<string>): number {
  if (/^<0x[0-9A-Fa-f]{2}>$/.test(text)) return TOKEN_TYPES.byte;
  return specials.has(text) ? TOKEN_TYPES.control : TOKEN_TYPES.normal;
}

/** The texts that the tokenizer's settings give a role, as transformers' `all_special_tokens` lists them. */
function specialTexts({ settings, specials }: TokenizerFiles): ReadonlySet<string> {
  const texts = new Set<string>();
  const add = (value: unknown) => {
    const text = isObject(value) ? value['content'] : value;
    if (typeof text === 'string') texts.add(text);
  };
  for (const file of [settings, specials]) {
    for (const role of ['bos', 'eos', 'unk', 'sep', 'pad', 'cls', 'mask']) add(file?.value(`${role}_token`));
    for (const key of ['additional_special_tokens', 'extra_special_tokens']) {
      const more = file?.value(key);
      for (const one of Array.isArray(more) ? (more as unknown[]) : isObject(more) ? Object.values(more) : [])
        add(one);
    }
  }
  return texts;
}
