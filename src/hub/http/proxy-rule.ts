type Environment = Readonly<Record<string, string | undefined>>;

/**
 * The proxy for a URL by the usual variables, or undefined: `http_proxy` and `https_proxy` by the URL's scheme,
 * `all_proxy` for both, `no_proxy` against them; lower case before upper case.
 * undici's `EnvHttpProxyAgent` is not used: it prints a warning on stderr and tunnels plain http.
 */
export function proxyFor(url: URL, env: Environment): string | undefined {
  const read = (name: string): string | undefined => (env[name] ?? env[name.toUpperCase()])?.trim();
  const scheme = url.protocol === 'https:' ? 'https_proxy' : 'http_proxy';
  const proxy = read(scheme) ?? read('all_proxy');
  if (proxy === undefined || proxy === '' || isExcepted(url, read('no_proxy') ?? '')) return undefined;
  return proxy.includes('://') ? proxy : `http://${proxy}`;
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
