import { ExpectedError } from '../llava/expected-error.js';
import { quote } from '../llava/quote.js';
import { readTextFile } from './read-text-file.js';

/**
 * A key, alone on the only line of a file, as a header can carry it.
 * @param atLeast characters that it must have: keys of our own are long, those of others are what they are
 * @param hint what to do about a file that holds none
 * @throws ExpectedError('input') when the file cannot be read, ExpectedError('usage') when it holds no such key
 */
export function readKeyFile(path: string, atLeast: number, hint: string): string {
  const key = readTextFile('The key file', path, 'Name a file that holds the key on its only line').trim();
  if (/^[\x21-\x7e]+$/.test(key) && key.length >= atLeast) return key;
  const rule = atLeast === 1 ? 'one line without spaces' : `${atLeast} or more characters without spaces`;
  throw new ExpectedError('usage', `The key file ${quote(path)} holds no key: ${rule}.`, { hint });
}
