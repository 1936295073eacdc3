import { FETCH_AGAIN, fileError } from '../checkpoint-error.js';
import type { Fields } from '../configuration/fields.js';

/** Tokens of `tokenizer.json`'s `model.vocab` by their ids. */
export function readBaseVocabulary(tokenizer: Fields): ReadonlyMap<number, string> {
  const vocab = tokenizer.object('model')?.object('vocab');
  const byId = new Map<number, string>();
  for (const text of vocab?.keys ?? []) {
    const id = vocab?.whole(text);
    if (id === undefined || id < 0 || byId.has(id))
      throw fileError(
        tokenizer.path,
        'is damaged: its vocabulary does not give each token an id of its own',
        FETCH_AGAIN,
      );
    byId.set(id, text);
  }
  if (byId.size === 0) throw fileError(tokenizer.path, 'is damaged: it has no vocabulary', FETCH_AGAIN);
  return byId;
}
