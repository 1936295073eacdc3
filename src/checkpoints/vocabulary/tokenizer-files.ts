import { isObject } from '../../llava/json.js';
import { quote } from '../../llava/quote.js';
import { FETCH_AGAIN, fileError } from '../checkpoint-error.js';
import { readFields, type Fields } from '../configuration/fields.js';

/** The JSON files that describe a tokenizer; undefined where they are missing. */
export interface TokenizerFiles {
  /** `tokenizer.json`, as the tokenizers library writes it. */
  readonly tokenizer: Fields | undefined;
  /** `tokenizer_config.json`. */
  readonly settings: Fields | undefined;
  /** `added_tokens.json` of older versions. */
  readonly added: Fields | undefined;
  /** `special_tokens_map.json` of older versions. */
  readonly specials: Fields | undefined;
  /** The model's `config.json`. */
  readonly config: Fields | undefined;
}

/** A token that was added to the vocabulary that was trained. */
export interface AddedToken {
  readonly id: number;
  readonly text: string;
  readonly isSpecial: boolean;
}

export async function readTokenizerFiles(folder: string): Promise<TokenizerFiles> {
  return {
    tokenizer: await readFields(folder, 'tokenizer.json'),
    settings: await readFields(folder, 'tokenizer_config.json'),
    added: await readFields(folder, 'added_tokens.json'),
    specials: await readFields(folder, 'special_tokens_map.json'),
    config: await readFields(folder, 'config.json'),
  };
}

/** The tokens of `added_tokens.json`: ids by text. */
export function readAddedIds(added: Fields | undefined): readonly AddedToken[] {
  return (added?.keys ?? []).map((text) => {
    const id = added?.whole(text);
    if (added === undefined || id === undefined || id < 0) throw noToken(added, text);
    return { id, text, isSpecial: false };
  });
}

/** The tokens of `tokenizer_config.json`: `added_tokens_decoder`, by id. */
export function readDecoder(settings: Fields | undefined): readonly AddedToken[] {
  const decoder = settings?.object('added_tokens_decoder');
  return (decoder?.keys ?? []).map((key) => {
    const token = decoder?.object(key);
    const text = token?.text('content');
    if (token === undefined || text === undefined || !/^\d{1,9}$/.test(key)) throw noToken(settings, key);
    return { id: Number(key), text, isSpecial: token.flag('special') ?? false };
  });
}

/** The tokens of `tokenizer.json`: `added_tokens`, in order. */
export function readAddedTokens(tokenizer: Fields): readonly AddedToken[] {
  const added = tokenizer.value('added_tokens') ?? [];
  return (Array.isArray(added) ? added : [added]).map((value: unknown, index) => {
    const token = isObject(value) ? new Map(Object.entries(value)) : new Map<string, unknown>();
    const [id, text] = [token.get('id'), token.get('content')];
    if (!Number.isSafeInteger(id) || Number(id) < 0 || typeof text !== 'string')
      throw noToken(tokenizer, String(index));
    return { id: Number(id), text, isSpecial: token.get('special') === true };
  });
}

function noToken(fields: Fields | undefined, key: string): Error {
  return fileError(fields?.path ?? '', `is damaged: the token ${quote(key)} has no id and text`, FETCH_AGAIN);
}

/** As llama.cpp's converter sees them, whatever the files say: tokens that no user should be able to write. */
export function looksSpecial(text: string): boolean {
  return (
    ['<pad>', '<mask>', '<2mass>', '[@BOS@]'].includes(text) ||
    (text.startsWith('<|') && text.endsWith('|>')) ||
    (text.startsWith('<｜') && text.endsWith('｜>')) ||
    (text.startsWith('<unused') && text.endsWith('>'))
  );
}
