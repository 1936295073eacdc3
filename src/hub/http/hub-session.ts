import { ExpectedError } from '../../llava/expected-error.js';
import { quote } from '../../llava/quote.js';
import type { HubFile } from '../hub-file.js';
import type { HubSettings } from '../hub-settings.js';
import { failedConnection, hintOfProxy } from './failed-try.js';
import { openHttpClient, type HttpAnswer, type HttpClient } from './http-client.js';
import type { Pace } from './pace.js';
import { nameOfProxy, proxyFor, type Proxy } from './proxy.js';

const MOST_REDIRECTS = 10;

export interface HubRequest {
  readonly method: 'HEAD' | 'GET';
  readonly url: URL;
  readonly headers?: Record<string, string>;
  readonly signal?: AbortSignal | undefined;
  /** Whether a redirect to another host is followed too, or is the answer. */
  readonly acrossHosts: boolean;
}

/** The last answer, where it came from, and where it points to when it is a redirect. */
export interface HubAnswer extends HttpAnswer {
  readonly url: URL;
  readonly location: URL | undefined;
}

/** Requests to the hub and the hosts it points to: redirects checked, the token kept to the hub's own host. */
export class HubSession implements AsyncDisposable {
  readonly endpoint: URL;
  readonly #client: HttpClient;
  readonly #token: string | undefined;
  /** The hub wants to know who asks; it is told from then on. */
  #isTokenWanted = false;

  private constructor(client: HttpClient, endpoint: URL, token: string | undefined) {
    this.#client = client;
    this.endpoint = endpoint;
    this.#token = token;
  }

  /** @throws ExpectedError('weights') when the settings forbid requests or name no http endpoint. */
  static async open(settings: HubSettings, pace: Pace): Promise<HubSession> {
    const { endpoint, token, offline } = settings;
    if (offline)
      throw new ExpectedError('weights', 'Nothing is downloaded while HF_HUB_OFFLINE is set.', {
        hint: 'Unset HF_HUB_OFFLINE, or name files of your own: --gguf FILE --mmproj FILE',
      });
    if (!/^https?:\/\//i.test(endpoint) || !URL.canParse(endpoint))
      throw new ExpectedError('weights', `HF_ENDPOINT ${quote(endpoint)} is not an http or https address.`, {
        hint: 'Unset it, or set it to one such as https://huggingface.co',
      });
    return new HubSession(await openHttpClient(pace), new URL(endpoint), token);
  }

  /** Address of a file at a revision. */
  addressOf(file: HubFile, revision: string): URL {
    const path = file.path.split('/').map(encodeURIComponent).join('/');
    const base = this.endpoint.href.replace(/\/$/, '');
    return new URL(`${base}/${file.repo}/resolve/${encodeURIComponent(revision)}/${path}`);
  }

  /**
   * @throws FailedTry when the connection fails; ExpectedError('weights') for a redirect loop or one that leaves
   *   https; the signal's reason on abort
   */
  async ask(request: HubRequest): Promise<HubAnswer> {
    let url = request.url;
    for (let redirects = 0; redirects <= MOST_REDIRECTS; redirects++) {
      const answer = await this.#send(request, url);
      const location = redirectOf(answer, url);
      if (location === undefined) return { ...answer, url, location };
      if (url.protocol === 'https:' && location.protocol !== 'https:')
        throw discard(answer, `${quote(url.host)} points from https to ${quote(location.origin)}`);
      if (location.host !== url.host && !request.acrossHosts) return { ...answer, url, location };
      answer.body.destroy();
      url = location;
    }
    throw new ExpectedError('weights', `${quote(request.url.href)} is redirected endlessly.`, {
      hint: 'Try again later; if HF_ENDPOINT is set, try without it',
    });
  }

  async #send(request: HubRequest, url: URL): Promise<HttpAnswer> {
    const isAllowed = this.#token !== undefined && mayCarryToken(url, this.endpoint);
    if (isAllowed && this.#isTokenWanted) return await this.#sendOnce(request, url, this.#token);
    const answer = await this.#sendOnce(request, url, undefined);
    if (!isAllowed || (answer.status !== 401 && answer.status !== 403)) return answer;
    answer.body.destroy();
    this.#isTokenWanted = true;
    return await this.#sendOnce(request, url, this.#token);
  }

  async #sendOnce(request: HubRequest, url: URL, token: string | undefined): Promise<HttpAnswer> {
    const { method, headers, signal } = request;
    const authorization = token === undefined ? {} : { authorization: `Bearer ${token}` };
    const proxy = proxyFor(url, process.env);
    const answer = await this.#client
      .send({ method, url, headers: { ...headers, ...authorization }, signal })
      .catch((error: unknown) => {
        signal?.throwIfAborted();
        throw (
          refusedByProxy(error, url, proxy) ??
          failedConnection(error, url.host, proxy) ??
          unreachable(error, url)
        );
      });
    if (answer.status !== 407 || proxy === undefined) return answer;
    answer.body.destroy();
    throw withoutPassword(proxy);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#client[Symbol.asyncDispose]();
  }
}

function redirectOf(answer: HttpAnswer, url: URL): URL | undefined {
  const location = answer.headers['location'];
  if (![301, 302, 303, 307, 308].includes(answer.status)) return undefined;
  if (location === undefined || !URL.canParse(location, url.href))
    throw discard(answer, `${quote(url.host)} redirects to no address`);
  const target = new URL(location, url);
  if (target.protocol === 'https:' || target.protocol === 'http:') return target;
  throw discard(answer, `${quote(url.host)} redirects to ${quote(target.href)}`);
}

function discard(answer: HttpAnswer, problem: string): ExpectedError {
  answer.body.destroy();
  return new ExpectedError('weights', `${problem}: the redirect is not followed.`, {
    hint: 'Check HF_ENDPOINT and the proxy settings',
  });
}

/** The error for a tunnel that a proxy does not make. */
function refusedByProxy(error: unknown, url: URL, proxy: Proxy | undefined): ExpectedError | undefined {
  const message = error instanceof Error ? error.message : '';
  const status = /^Proxy (?:response|Authentication Required) \((\d+)\)/.exec(message)?.[1];
  if (proxy === undefined || status === undefined) return undefined;
  if (status === '407') return withoutPassword(proxy, error);
  const problem = `${nameOfProxy(proxy)} does not let ${quote(url.host)} through: it answered ${status}.`;
  return new ExpectedError('weights', capitalised(problem), { hint: hintOfProxy(proxy), cause: error });
}

function unreachable(error: unknown, url: URL): unknown {
  if (!(error instanceof Error) || error instanceof ExpectedError) return error;
  return new ExpectedError('weights', `${quote(url.host)} could not be reached: ${error.message}`, {
    hint: CERTIFICATE.test(`${String((error as NodeJS.ErrnoException).code)} ${error.message}`)
      ? 'A company’s proxy signs what it passes on: name its certificate with SSL_CERT_FILE, REQUESTS_CA_BUNDLE or NODE_EXTRA_CA_CERTS=FILE.pem'
      : 'Check HF_ENDPOINT, the proxy settings and the certificates of this machine',
    cause: error,
  });
}

const CERTIFICATE = /certificate|CERT|SELF_SIGNED|UNABLE_TO_(?:GET|VERIFY)/;

function withoutPassword(proxy: Proxy, cause?: unknown): ExpectedError {
  return new ExpectedError('weights', capitalised(`${nameOfProxy(proxy)} asks for a name and password.`), {
    hint: `${proxy.variable}=http://NAME:PASSWORD@HOST:PORT`,
    cause,
  });
}

function capitalised(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

const LOOPBACK = /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])$/;

/**
 * Whether a request to `url` may carry the token for `endpoint`: the same scheme, host and port only,
 * and never in the clear over a network.
 */
export function mayCarryToken(url: URL, endpoint: URL): boolean {
  if (url.origin !== endpoint.origin) return false;
  return url.protocol === 'https:' || LOOPBACK.test(url.hostname);
}
