import { lookup as systemLookup, type LookupAddress } from 'node:dns';
import { isIP, type LookupFunction, type Socket } from 'node:net';
import ipaddr from 'ipaddr.js';
import { RowFailure } from '../rows/row-error.js';

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

/** Finds the addresses of a name, as `dns.lookup` does. */
export type Lookup = (
  host: string,
  options: { readonly all: true },
  callback: (error: NodeJS.ErrnoException | null, addresses: LookupAddress[]) => void,
) => void;

/** `dns.lookup`. */
export const lookupOfSystem: Lookup = (host, options, callback) => {
  systemLookup(host, options, callback);
};

/**
 * A lookup for `net.connect` that gives public addresses only. The connection is made to what it gives, so a name
 * that changes its address between check and use gains nothing.
 */
export function publicLookup(lookup: Lookup): LookupFunction {
  return (host, options, callback) => {
    lookup(host, { all: true }, (error, addresses) => {
      const family = options.family === 4 || options.family === 6 ? options.family : 0;
      const open = addressesOf(error, addresses).filter(
        (found) => isPublicAddress(found.address) && (family === 0 || family === found.family),
      );
      const [first] = open;
      if (error !== null) callback(error, [], 0);
      else if (first === undefined) callback(privateAddress(host, addresses[0]?.address), [], 0);
      else if (options.all === true) callback(null, open);
      else callback(null, first.address, first.family);
    });
  };
}

/** Names are checked when looked up; an address in a name's place is never looked up. @throws RowFailure */
export function checkLiteral(host: string): void {
  const address = host.replace(/^\[|\]$/g, '');
  if (isIP(address) !== 0 && !isPublicAddress(address)) throw privateAddress(host, address);
}

/** The last word: where the socket really ended up. @throws RowFailure */
export function checkSocket(socket: Socket, host: string): void {
  const address = socket.remoteAddress;
  if (address === undefined || !isPublicAddress(address)) throw privateAddress(host, address);
}

/** After a failed lookup there are none, whatever the types say. */
function addressesOf(error: Error | null, addresses: LookupAddress[]): readonly LookupAddress[] {
  return error === null ? addresses : [];
}

function privateAddress(host: string, address: string | undefined): RowFailure {
  const where = address === undefined || address === host ? '' : ` (${address})`;
  return new RowFailure('private_address', `Host "${host}"${where} is in a private network.`);
}
