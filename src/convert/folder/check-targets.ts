import { readdir } from 'node:fs/promises';
import { ExpectedError } from '../../llava/expected-error.js';
import { quote } from '../../llava/quote.js';

/**
 * Checks that nothing would be replaced, and that the folder would hold one pair in the end: other GGUF files beside it, and
 * nobody could tell which is meant.
 * @throws ExpectedError('input')
 */
export async function checkTargets(folder: string, names: readonly string[]): Promise<void> {
  const there = (await readdir(folder)).filter((name) => /\.gguf$/i.test(name));
  const replaced = there.find((name) => names.includes(name));
  if (replaced !== undefined)
    throw new ExpectedError('input', `${quote(replaced)} is already in the folder ${quote(folder)}.`, {
      hint: 'Add --force to replace it, or name another folder with -o',
    });
  const [other] = there;
  if (other === undefined) return;
  throw new ExpectedError('input', `The folder ${quote(folder)} already holds ${quote(other)}.`, {
    hint: 'Name an empty folder with -o, or add --force to put the files beside it',
  });
}
