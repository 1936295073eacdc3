const LOOPBACK = /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])$/;

/**
 * Whether a request to `url` may carry the token for `endpoint`: the same scheme, host and port only,
 * and never in the clear over a network.
 */
export function mayCarryToken(url: URL, endpoint: URL): boolean {
  if (url.origin !== endpoint.origin) return false;
  return url.protocol === 'https:' || LOOPBACK.test(url.hostname);
}
