import type { Readable } from 'node:stream';
import type { Dispatcher } from 'undici';
import { ExpectedError } from '../../llava/expected-error.js';
import { quote } from '../../llava/quote.js';
import type { Pace } from './pace.js';
import { proxyFor } from './proxy.js';
import { trustedCertificates } from './trusted-certificates.js';

export interface HttpRequest {
  readonly method: 'HEAD' | 'GET';
  readonly url: URL;
  readonly headers: Record<string, string>;
  readonly signal?: AbortSignal | undefined;
}

/** Values of headers by lower-case name. */
export type Headers = Readonly<Record<string, string | undefined>>;

export interface HttpAnswer {
  readonly status: number;
  readonly headers: Headers;
  /** To be read or destroyed. */
  readonly body: Readable;
}

/** Plain HTTP: no redirect is followed, no header added but `Accept-Encoding: identity`. */
export interface HttpClient extends AsyncDisposable {
  send(request: HttpRequest): Promise<HttpAnswer>;
}

/** A client that keeps connections open until it is disposed of, and takes the proxy that the environment names. */
export async function openHttpClient(pace: Pace): Promise<HttpClient> {
  const { Agent, ProxyAgent } = await import('undici');
  const ca = await trustedCertificates(process.env);
  const connect = { timeout: pace.connectMs, ...(ca === undefined ? {} : { ca: [...ca] }) };
  const agents = new Map<string, Dispatcher>();
  const agentFor = (url: URL): Dispatcher => {
    const proxy = proxyFor(url, process.env)?.address ?? '';
    const agent = agents.get(proxy) ?? (proxy === '' ? new Agent({ connect }) : throughProxy(proxy));
    agents.set(proxy, agent);
    return agent;
  };
  const throughProxy = (proxy: string): Dispatcher => {
    if (!/^https?:\/\//i.test(proxy) || !URL.canParse(proxy))
      throw new ExpectedError('weights', `The proxy ${quote(proxy)} is not an http or https proxy.`, {
        hint: 'Set https_proxy to one, such as http://proxy.example:3128, or unset it',
      });
    return new ProxyAgent({
      connect,
      requestTls: connect,
      proxyTls: connect,
      uri: proxy,
      proxyTunnel: false,
    });
  };
  return {
    async send({ method, url, headers, signal }) {
      const answer = await agentFor(url).request({
        origin: url.origin,
        path: url.pathname + url.search,
        method,
        headers: { 'accept-encoding': 'identity', 'user-agent': 'llava', ...headers },
        headersTimeout: pace.stalledMs,
        bodyTimeout: pace.stalledMs,
        signal: signal ?? null,
      });
      const body: Readable = answer.body;
      // A body that nobody reads any more may still fail.
      body.on('error', () => undefined);
      return { status: answer.statusCode, headers: singleValues(answer.headers), body };
    },
    async [Symbol.asyncDispose]() {
      await Promise.all([...agents.values()].map((agent) => agent.destroy()));
    },
  };
}

function singleValues(headers: Record<string, string | string[] | undefined>): Headers {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name, Array.isArray(value) ? value.join(', ') : value]),
  );
}
