import ipaddr from 'ipaddr.js';

/** What the public IPv6 internet consists of so far; all else is for special uses. */
const GLOBAL_UNICAST = ipaddr.IPv6.parseCIDR('2000::/3');

/**
 * Whether an address belongs to the public internet: not loopback, private, link-local, multicast, shared by a
 * carrier (CGNAT), reserved, or an IPv6 address that only wraps an IPv4 one. What is no address is not public.
 */
export function isPublicAddress(address: string): boolean {
  if (!ipaddr.isValid(address)) return false;
  const parsed = ipaddr.process(address);
  if (parsed.range() !== 'unicast') return false;
  return parsed instanceof ipaddr.IPv4 || parsed.match(GLOBAL_UNICAST);
}
