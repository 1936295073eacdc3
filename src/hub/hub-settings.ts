import { readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { ExpectedError } from '../llava/expected-error.js';
import { quote } from '../llava/quote.js';
import { fileProblem } from '../llava/file-problem.js';

/** How the hub is reached and where its files are kept on this machine. */
export interface HubSettings {
  /** Without a slash at the end, such as `https://huggingface.co`. */
  readonly endpoint: string;
  /** Sent to the endpoint's host alone, and only when it asks for one. */
  readonly token: string | undefined;
  /** The cache folder that Python and llama.cpp share: `$HF_HUB_CACHE`. */
  readonly cacheFolder: string;
  /** Where this tool remembers hashes. */
  readonly stateFolder: string;
  /** No request at all. */
  readonly offline: boolean;
  /** Real files in the snapshots, also where links would work. */
  readonly withoutSymlinks?: boolean;
}

const DEFAULT_ENDPOINT = 'https://huggingface.co';

/**
 * The hub as the variables of huggingface_hub describe it; an empty variable counts as unset.
 * @throws ExpectedError('usage') for an endpoint that is no web address and a token that cannot be sent
 */
export function readHubSettings(env: NodeJS.ProcessEnv, stateFolder: string): HubSettings {
  const pathOf = (name: string): string | undefined => {
    const value = env[name];
    return value === undefined || value === '' ? undefined : resolve(expandPath(value, env));
  };
  const home =
    pathOf('HF_HOME') ?? join(pathOf('XDG_CACHE_HOME') ?? join(homeFolder(env), '.cache'), 'huggingface');
  const tokenPath = pathOf('HF_TOKEN_PATH') ?? join(home, 'token');
  return {
    endpoint: readEndpoint(env['HF_ENDPOINT']),
    token: isTrue(env['HF_HUB_DISABLE_IMPLICIT_TOKEN']) ? undefined : readToken(env, tokenPath),
    cacheFolder: pathOf('HF_HUB_CACHE') ?? pathOf('HUGGINGFACE_HUB_CACHE') ?? join(home, 'hub'),
    stateFolder,
    offline: isTrue(env['HF_HUB_OFFLINE']) || isTrue(env['TRANSFORMERS_OFFLINE']),
    withoutSymlinks: isTrue(env['HF_HUB_DISABLE_SYMLINKS']),
  };
}

function readEndpoint(value: string | undefined): string {
  const endpoint = (value ?? '').trim().replace(/\/+$/, '');
  if (endpoint === '') return DEFAULT_ENDPOINT;
  const protocol = URL.canParse(endpoint) ? new URL(endpoint).protocol : undefined;
  if (protocol === 'https:' || protocol === 'http:') return endpoint;
  throw new ExpectedError('usage', `HF_ENDPOINT is ${quote(value ?? '')}, not a web address.`, {
    hint: `Unset it, or use an address such as ${DEFAULT_ENDPOINT}`,
  });
}

/** As huggingface_hub reads switches. */
function isTrue(value: string | undefined): boolean {
  return value !== undefined && ['1', 'ON', 'YES', 'TRUE'].includes(value.toUpperCase());
}

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
  throw new ExpectedError('usage', `${source} has characters that a request cannot carry.`, {
    hint: 'Copy it again from https://huggingface.co/settings/tokens, or unset it: public files need none.',
  });
}

function readTokenFile(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : undefined;
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    throw new ExpectedError('usage', `The token file ${quote(path)} cannot be read: ${fileProblem(error)}.`, {
      hint: 'Make it readable, or name another with HF_TOKEN_PATH.',
      cause: error,
    });
  }
}

/** Without line breaks and outer blanks; undefined when nothing is left. */
function clean(token: string | undefined): string | undefined {
  const cleaned = token?.replace(/[\r\n]/g, '').trim();
  return cleaned === '' ? undefined : cleaned;
}

/**
 * A path of an environment variable as Python's `expanduser` and `expandvars` read it: `~` and `~/…` become the
 * home folder, `$NAME` and `${NAME}` the variable. What is unknown stays as it stands.
 */
export function expandPath(path: string, env: NodeJS.ProcessEnv): string {
  const home = /^~(?=[/\\]|$)/.test(path) ? join(homeFolder(env), path.slice(1)) : path;
  return home.replace(/\$(?:\{(\w+)\}|(\w+))/g, (whole, braced?: string, bare?: string) => {
    return env[braced ?? bare ?? ''] ?? whole;
  });
}

/** The user's own folder; `env` may name another, as shells and tests do. */
export function homeFolder(env: NodeJS.ProcessEnv): string {
  const named = process.platform === 'win32' ? env['USERPROFILE'] : env['HOME'];
  return named === undefined || named === '' ? homedir() : named;
}
