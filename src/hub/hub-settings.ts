import { join, resolve } from 'node:path';
import { ExpectedError } from '../llava/expected-error.js';
import { quote } from '../llava/quote.js';
import { expandPath, homeFolder } from './expand-path.js';
import { readToken } from './hub-token.js';

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
