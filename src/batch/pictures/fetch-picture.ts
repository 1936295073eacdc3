import type { Agent, buildConnector, Dispatcher } from 'undici';
import { MAX_PICTURE_BYTES } from '../../llava/picture-bytes.js';
import { DECODABLE } from '../../llava/picture-error.js';
import { quote } from '../../llava/quote.js';
import { sniffFormat } from '../../llava/sniff-format.js';
import { checkLiteral, checkSocket, lookupOfSystem, publicLookup, type Lookup } from './public-address.js';
import { HostList } from './host-list.js';
import { RowFailure } from '../rows/row-error.js';

/** What may be fetched. */
export interface FetchOptions {
  /** Hosts to fetch from, see {@link HostList}; without a list, any public one. */
  readonly hosts?: readonly string[] | undefined;
  /** Hosts that may have an address of a private network, such as a picture server in the house. */
  readonly privateHosts?: readonly string[] | undefined;
  readonly maxBytes?: number | undefined;
  /** For one picture, redirects included. Default 20 seconds. */
  readonly timeoutMs?: number | undefined;
  readonly maxRedirects?: number | undefined;
  /** Stands in for the system's DNS. */
  readonly lookup?: Lookup | undefined;
}

/** Bytes that tell what a body is; no more are read of what is no picture. */
const SNIFF_BYTES = 512;

/**
 * Fetches pictures from addresses that rows name. Connections are direct: behind a proxy nobody could check which
 * address is really reached, so proxy settings of the environment are not used.
 */
export class PictureFetcher implements AsyncDisposable {
  readonly #hosts: HostList | undefined;
  readonly #privateHosts: HostList;
  readonly #maxBytes: number;
  readonly #timeoutMs: number;
  readonly #maxRedirects: number;
  readonly #lookup: Lookup;
  #agent: Promise<Agent> | undefined;

  /** @throws ExpectedError('usage') for a host that is none */
  constructor(options: FetchOptions = {}) {
    this.#hosts = options.hosts === undefined ? undefined : new HostList(options.hosts);
    this.#privateHosts = new HostList(options.privateHosts ?? []);
    this.#maxBytes = options.maxBytes ?? MAX_PICTURE_BYTES;
    this.#timeoutMs = options.timeoutMs ?? 20_000;
    this.#maxRedirects = options.maxRedirects ?? 5;
    this.#lookup = options.lookup ?? lookupOfSystem;
  }

  /**
   * The bytes at an address, at least the first of which are a picture's.
   * @throws RowFailure with the codes of addresses; whatever `signal` was aborted with
   */
  async fetch(address: string, signal?: AbortSignal): Promise<Uint8Array> {
    const end = new AbortController();
    const abort = () => {
      end.abort();
    };
    const timer = setTimeout(abort, this.#timeoutMs);
    signal?.addEventListener('abort', abort, { once: true });
    try {
      signal?.throwIfAborted();
      return await this.#follow(address, end.signal);
    } catch (error) {
      signal?.throwIfAborted();
      if (end.signal.aborted)
        throw failure('timeout', address, `did not arrive within ${this.#timeoutMs / 1000} seconds`, error);
      throw (
        findRowFailure(error) ??
        failure('fetch_failed', address, `cannot be fetched: ${reasonOf(error)}`, error)
      );
    } finally {
      clearTimeout(timer);
      signal?.removeEventListener('abort', abort);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const agent = await this.#agent;
    await agent?.destroy();
  }

  /** Each hop is checked as the first one is. */
  async #follow(address: string, signal: AbortSignal): Promise<Uint8Array> {
    let url = parseAddress(address);
    for (let hops = 0; hops <= this.#maxRedirects; hops++) {
      this.#check(url);
      const response = await this.#request(url, signal);
      const next = nextAddress(url, response);
      if (next === undefined) return await this.#read(address, response);
      response.body.destroy();
      url = next;
    }
    throw failure('too_many_redirects', address, `redirects more than ${this.#maxRedirects} times`);
  }

  #check(url: URL): void {
    if (url.protocol !== 'http:' && url.protocol !== 'https:')
      throw failure('url_refused', url.href, 'is neither http nor https');
    if (url.username !== '' || url.password !== '')
      throw failure('url_refused', url.host, 'has a user name or password in its address');
    if (this.#hosts !== undefined && !this.#hosts.includes(url))
      throw failure('url_refused', url.href, `is on host ${quote(url.host)}, which is not allowed`);
    if (!this.#privateHosts.includes(url)) checkLiteral(url.hostname);
  }

  async #request(url: URL, signal: AbortSignal): Promise<Dispatcher.ResponseData> {
    const { request } = await import('undici');
    this.#agent ??= this.#makeAgent();
    // Without compression, so that the cap counts what will be held.
    const headers = { accept: 'image/*', 'accept-encoding': 'identity', 'user-agent': 'llava-batch' };
    const response = await request(url, { dispatcher: await this.#agent, signal, headers });
    // A body that is left unread may still fail later.
    response.body.on('error', () => undefined);
    return response;
  }

  async #read(address: string, { statusCode, headers, body }: Dispatcher.ResponseData): Promise<Uint8Array> {
    try {
      if (statusCode !== 200) throw failure('http_status', address, `was answered with status ${statusCode}`);
      if (Number(headers['content-length']) > this.#maxBytes) throw this.#tooLarge(address);
      const chunks: Uint8Array[] = [];
      let size = 0;
      for await (const chunk of body as AsyncIterable<Buffer>) {
        chunks.push(chunk);
        size += chunk.length;
        if (size > this.#maxBytes) throw this.#tooLarge(address);
        if (size - chunk.length < SNIFF_BYTES && size >= SNIFF_BYTES)
          checkType(address, Buffer.concat(chunks));
      }
      const bytes = Buffer.concat(chunks);
      checkType(address, bytes);
      return bytes;
    } finally {
      body.destroy();
    }
  }

  #tooLarge(address: string): RowFailure {
    return failure('too_large', address, `is more than the ${this.#maxBytes / 1e6} MB allowed`);
  }

  async #makeAgent(): Promise<Agent> {
    const { Agent, buildConnector } = await import('undici');
    const timeout = this.#timeoutMs;
    const direct = buildConnector({ timeout });
    const checked = buildConnector({
      timeout,
      lookup: publicLookup(this.#lookup),
    });
    const connect: buildConnector.connector = (options, callback) => {
      const host = options.hostname;
      if (this.#privateHosts.includes(urlOf(options))) {
        direct(options, callback);
        return;
      }
      checked(options, (...[error, socket]) => {
        if (error !== null) {
          callback(error, null);
          return;
        }
        try {
          checkSocket(socket, host);
          callback(null, socket);
        } catch (problem) {
          socket.destroy();
          callback(problem as Error, null);
        }
      });
    };
    return new Agent({ connect, connections: 8, headersTimeout: timeout, bodyTimeout: timeout });
  }
}

function parseAddress(address: string): URL {
  try {
    return new URL(address);
  } catch (error) {
    throw failure('url_refused', address, 'is not a possible address', error);
  }
}

/** Where a redirect leads, or undefined when the response is the end of the way. */
function nextAddress(url: URL, { statusCode, headers }: Dispatcher.ResponseData): URL | undefined {
  const { location } = headers;
  if (![301, 302, 303, 307, 308].includes(statusCode) || typeof location !== 'string') return undefined;
  try {
    return new URL(location, url);
  } catch (error) {
    throw failure(
      'fetch_failed',
      url.href,
      `redirects to ${quote(location)}, which is not an address`,
      error,
    );
  }
}

function checkType(address: string, bytes: Uint8Array): void {
  const sniffed = sniffFormat(bytes);
  if (bytes.length === 0) throw failure('bad_picture', address, 'is empty');
  if (sniffed.kind === 'decodable') return;
  const what = sniffed.kind === 'unknown' ? 'of an unknown format' : sniffed.name;
  throw failure('bad_picture', address, `is ${what}; ${DECODABLE} can be read`);
}

function urlOf({ protocol, hostname, port }: buildConnector.Options): URL {
  const host = hostname.includes(':') && !hostname.startsWith('[') ? `[${hostname}]` : hostname;
  return new URL(`${protocol}//${host}${port === '' ? '' : `:${port}`}`);
}

function failure(
  code: ConstructorParameters<typeof RowFailure>[0],
  address: string,
  problem: string,
  cause?: unknown,
): RowFailure {
  return new RowFailure(code, `Picture ${quote(address)} ${problem}.`, cause);
}

/** The client wraps errors of connecting; a dual-stack attempt gathers several. */
function findRowFailure(error: unknown): RowFailure | undefined {
  if (error instanceof RowFailure) return error;
  const inner = error instanceof AggregateError ? (error.errors as unknown[]) : [];
  return inner.map(findRowFailure).find((found) => found !== undefined);
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return 'code' in error && typeof error.code === 'string' ? error.code : error.message;
}
