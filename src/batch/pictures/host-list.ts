import { ExpectedError } from '../../llava/expected-error.js';
import { quote } from '../../llava/quote.js';

interface HostEntry {
  readonly host: string;
  /** Subdomains too. */
  readonly below: boolean;
  readonly port: string | undefined;
}

const ENTRY = /^(\*?\.)?([a-z0-9._-]+|\[[0-9a-f:.]+\])(?::(\d{1,5}))?$/;
const PORT_OF: Readonly<Record<string, string>> = { 'http:': '80', 'https:': '443' };

/** Hosts by name: `example.com`, `*.example.com` (its subdomains), `example.com:8080`; no port stands for any. */
export class HostList {
  readonly #entries: readonly HostEntry[];

  /** @throws ExpectedError('usage') for an entry that is no host */
  constructor(entries: readonly string[]) {
    this.#entries = entries.map(parseEntry);
  }

  includes(url: URL): boolean {
    const host = url.hostname.replace(/\.$/, '');
    const port = url.port === '' ? PORT_OF[url.protocol] : url.port;
    return this.#entries.some((entry) => {
      const matches = entry.below ? host.endsWith(`.${entry.host}`) : host === entry.host;
      return matches && (entry.port === undefined || entry.port === port);
    });
  }
}

function parseEntry(entry: string): HostEntry {
  const [, below, host, port] = ENTRY.exec(entry.trim().toLowerCase()) ?? [];
  if (host === undefined)
    throw new ExpectedError('usage', `${quote(entry)} is not a host.`, {
      hint: 'Give names such as example.com, *.example.com or example.com:8080',
    });
  return { host, below: below !== undefined, port };
}
