import { quote } from '../../llava/quote.js';

/** A proxy, and the variable that names it. */
export interface Proxy {
  readonly address: string;
  readonly variable: string;
}

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * The proxy for a URL by the usual variables, or undefined: `http_proxy` and `https_proxy` by the URL's scheme,
 * `all_proxy` for both, `no_proxy` against them; lower case before upper case.
 * undici's `EnvHttpProxyAgent` is not used: it prints a warning on stderr and tunnels plain http.
 */
export function proxyFor(url: URL, env: Environment): Proxy | undefined {
  const read = (name: string): readonly [variable: string, value: string] | undefined => {
    const variable = env[name] === undefined ? name.toUpperCase() : name;
    const value = env[variable]?.trim();
    return value === undefined ? undefined : [variable, value];
  };
  const [variable = '', proxy = ''] =
    read(url.protocol === 'https:' ? 'https_proxy' : 'http_proxy') ?? read('all_proxy') ?? [];
  if (proxy === '' || isExcepted(url, read('no_proxy')?.[1] ?? '')) return undefined;
  return { address: proxy.includes('://') ? proxy : `http://${proxy}`, variable };
}

/** What a proxy is called in messages: without the password that its address may hold. */
export function nameOfProxy({ address, variable }: Proxy): string {
  const host = URL.canParse(address) ? new URL(address).host : address.replace(/^.*@/, '');
  return `the proxy ${quote(host)} of ${variable}`;
}

/** `no_proxy` lists hosts, with their subdomains and an optional port; `*` is all. */
function isExcepted(url: URL, noProxy: string): boolean {
  const port = url.port === '' ? (url.protocol === 'https:' ? '443' : '80') : url.port;
  return noProxy
    .toLowerCase()
    .split(/[\s,]+/)
    .filter((entry) => entry !== '')
    .some((entry) => {
      if (entry === '*') return true;
      const [, host = '', onlyPort] = /^(\[.*\]|[^:]*)(?::(\d+))?$/.exec(entry) ?? [];
      if (onlyPort !== undefined && onlyPort !== port) return false;
      const name = host.replace(/^\*?\./, '');
      return name !== '' && (url.hostname === name || url.hostname.endsWith(`.${name}`));
    });
}
