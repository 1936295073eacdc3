import { ExpectedError } from '../../llava/expected-error.js';
import { quote } from '../../llava/quote.js';
import type { Headers, HttpAnswer } from './http-client.js';
import { nameOfProxy, type Proxy } from './proxy.js';

/** One try failed in a way that another may not: the message says how. */
export class FailedTry extends Error {
  override readonly name = 'FailedTry';
  /** How long the server asks to wait, in milliseconds. */
  readonly askedMs: number | undefined;
  /** What to do when no further try helps. Default: another try, later. */
  readonly hint: string | undefined;

  constructor(
    message: string,
    options: { askedMs?: number | undefined; hint?: string; cause?: unknown } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.askedMs = options.askedMs;
    this.hint = options.hint;
  }
}

/** What to do about an answer that is no use, when waiting may help: 408, 429 and the server's own failures. */
export function isPassing(status: number): boolean {
  return status === 408 || status === 429 || status >= 500;
}

/** The try that ended in this answer. */
export function failedAnswer(answer: HttpAnswer, host: string): FailedTry {
  const { status, headers } = answer;
  const said = status === 429 ? 'asks for fewer requests (429)' : `answered ${status}`;
  return new FailedTry(`${quote(host)} ${said}`, { askedMs: delayAskedFor(headers, Date.now()) });
}

/** A certificate that does not convince will not do so at the next try. */
const FOR_GOOD = /CERT|SELF_SIGNED|UNABLE_TO_(?:GET|VERIFY)|^UND_ERR_(?:INVALID|PRX_TLS)|^ERR_TLS/;

/** Nobody was reached. */
const UNREACHED =
  /^(?:ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ETIMEDOUT|UND_ERR_CONNECT_TIMEOUT|EHOSTUNREACH|ENETUNREACH)$/;

/**
 * The try behind an error of undici or the socket; undefined when it is something else or a further try is vain.
 * @param proxy that was to be reached instead of the host, if there is one
 */
export function failedConnection(error: unknown, host: string, proxy?: Proxy): FailedTry | undefined {
  if (!(error instanceof Error) || error instanceof ExpectedError) return undefined;
  const code = firstCodeOf(error);
  if (code === undefined || FOR_GOOD.test(code)) return undefined;
  const problem = `failed: ${describe(code, error)}`;
  if (proxy === undefined || !UNREACHED.test(code))
    return new FailedTry(`the connection to ${quote(host)} ${problem}`, { cause: error });
  return new FailedTry(`the connection to ${nameOfProxy(proxy)} ${problem}`, {
    hint: hintOfProxy(proxy),
    cause: error,
  });
}

export function hintOfProxy({ variable }: Proxy): string {
  return `Check ${variable}, or unset it; hosts in no_proxy are reached without it`;
}

/** The code of an error, or of the first of several behind it. */
function firstCodeOf(error: Error): string | undefined {
  if ('code' in error && typeof error.code === 'string') return error.code;
  if (error instanceof AggregateError && error.errors[0] instanceof Error)
    return firstCodeOf(error.errors[0]);
  return error.cause instanceof Error ? firstCodeOf(error.cause) : undefined;
}

function describe(code: string, error: Error): string {
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') return 'no such host, or no network';
  if (code === 'ECONNREFUSED') return 'nothing is listening there';
  if (code === 'UND_ERR_HEADERS_TIMEOUT' || code === 'UND_ERR_BODY_TIMEOUT') return 'it sent no data';
  if (code === 'UND_ERR_CONNECT_TIMEOUT' || code === 'ETIMEDOUT') return 'the connection timed out';
  if (code === 'UND_ERR_SOCKET' || code === 'ECONNRESET') return 'it was cut';
  return error.message === '' ? code : error.message;
}

/**
 * How long a server asks to wait, in milliseconds: `Retry-After` in seconds or as a date, or the `t` of
 * `RateLimit: "resolvers";r=0;t=30`. The longer of the two; undefined when it asks for nothing.
 */
export function delayAskedFor(headers: Headers, now: number): number | undefined {
  const asked = [fromRetryAfter(headers['retry-after'], now), fromRateLimit(headers['ratelimit'])].filter(
    (delay) => delay !== undefined,
  );
  return asked.length === 0 ? undefined : Math.max(...asked);
}

function fromRetryAfter(value: string | undefined, now: number): number | undefined {
  if (value === undefined) return undefined;
  if (/^\s*\d+\s*$/.test(value)) return Number(value) * 1000;
  const date = Date.parse(value);
  return Number.isNaN(date) ? undefined : Math.max(0, date - now);
}

function fromRateLimit(value: string | undefined): number | undefined {
  // `r` requests are left: with some left the limit is not what stops us.
  if (value === undefined || /;\s*r=0*[1-9]/.test(value)) return undefined;
  const seconds = /;\s*t=(\d+)/.exec(value)?.[1];
  return seconds === undefined ? undefined : Number(seconds) * 1000;
}
