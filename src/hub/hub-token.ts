import { readFileSync } from 'node:fs';
import { ExpectedError } from '../llava/expected-error.js';
import { quote } from '../llava/quote.js';

/** What a header carries as a bearer token. */
const SENDABLE = /^[\x21-\x7e]+$/;

/**
 * The user's token: of the variables first, then of the file; undefined when there is none.
 * @throws ExpectedError('usage') when it cannot be sent or its file not be read. The token itself is never shown.
 */
export function readToken(env: NodeJS.ProcessEnv, tokenPath: string): string | undefined {
  const fromEnv = clean(env['HF_TOKEN']) ?? clean(env['HUGGING_FACE_HUB_TOKEN']);
  const token = fromEnv ?? clean(readTokenFile(tokenPath));
  if (token === undefined || SENDABLE.test(token)) return token;
  const source = fromEnv === undefined ? `The token in ${quote(tokenPath)}` : 'The token in HF_TOKEN';
  throw new ExpectedError('usage', `${source} has characters that no request can carry.`, {
    hint: 'Copy it again from https://huggingface.co/settings/tokens, or unset it: public files need none.',
  });
}

function readTokenFile(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : undefined;
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    throw new ExpectedError('usage', `The token file ${quote(path)} cannot be read: ${code ?? 'unknown'}`, {
      hint: 'Allow yourself to read it, or name another with HF_TOKEN_PATH.',
      cause: error,
    });
  }
}

/** Without line breaks and outer blanks; undefined when nothing is left. */
function clean(token: string | undefined): string | undefined {
  const cleaned = token?.replace(/[\r\n]/g, '').trim();
  return cleaned === '' ? undefined : cleaned;
}
