import { ExpectedError } from '../llava/expected-error.js';
import { quote } from '../llava/quote.js';

/**
 * The root of a server's API, without a slash at its end; `/v1`, which most programs want at the end of an address, may be there.
 * @throws ExpectedError('usage') for what cannot be one
 */
export function parseServerAddress(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || (url.protocol !== 'http:' && url.protocol !== 'https:'))
    throw refuse(text, 'is not an http or https address');
  if (url.username !== '' || url.password !== '')
    throw refuse(`${url.protocol}//…@${url.host}`, 'holds a password, which others could see', {
      hint: 'Give a key with --server-key-file',
    });
  if (url.search !== '' || url.hash !== '') throw refuse(text, 'has a query, which no server’s root has');
  return `${url.origin}${url.pathname.replace(/\/+$/, '').replace(/\/v1$/, '')}`;
}

function refuse(text: string, problem: string, options = { hint: 'Such as http://127.0.0.1:8000' }) {
  return new ExpectedError('usage', `--server ${quote(text)} ${problem}.`, options);
}
