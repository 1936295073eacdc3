import { Readable } from 'node:stream';
import type { Dispatcher, Pool } from 'undici';
import * as v from 'valibot';
import { codeOf } from '../llava/file-problem.js';
import { parseJson } from '../llava/json.js';
import { quote } from '../llava/quote.js';
import { ServerFailure } from './server-failure.js';
import { encodeJson } from './shared-text.js';

/** Longest answer that is read; the log-probabilities of a long prompt are some megabytes. */
const MAX_MIB = 16;
/** Shorter keys are words that answers may hold; these are looked for in all that a server says. */
const SECRET_LENGTH = 12;
/** Bodies up to here are sent as one piece, which takes a copy and fewer steps. */
const ONE_PIECE = 1 << 16;
const CONNECT_MS = 10_000;
/** What a server may ask for; whoever says more is asked again sooner. */
const LONGEST_WAIT_MS = 300_000;

export interface ConnectionOptions {
  /** Sent to this server only, and never written anywhere. */
  readonly key?: string | undefined;
  /** For one answer, from its question to its last byte, in milliseconds. */
  readonly timeoutMs: number;
  /** Reads errors as this server writes them; undefined for what is none of those. */
  readonly readError?: (said: unknown) => Error | undefined;
}

/** Speaks JSON to one server over connections that stay open. Redirects are not followed: they would take the key elsewhere. */
export class ServerConnection implements AsyncDisposable {
  readonly address: string;
  /** What all paths begin with. */
  readonly #path: string;
  /** How the key looks, plain and within JSON. */
  readonly #secrets: readonly string[];
  readonly #headers: Readonly<Record<string, string>>;
  readonly #timeoutMs: number;
  readonly #readError: NonNullable<ConnectionOptions['readError']>;
  #pool: Promise<Pool> | undefined;

  /** @param address as {@link parseServerAddress} gives it */
  constructor(address: string, { key, timeoutMs, readError }: ConnectionOptions) {
    this.address = address;
    this.#path = new URL(address).pathname.replace(/\/$/, '');
    this.#secrets = key === undefined ? [] : [key, JSON.stringify(key).slice(1, -1)];
    this.#headers = {
      'content-type': 'application/json',
      'user-agent': 'llava',
      ...(key === undefined ? {} : { authorization: `Bearer ${key}` }),
    };
    this.#timeoutMs = timeoutMs;
    this.#readError = readError ?? (() => undefined);
  }

  /**
   * Asks, and reads the answer whole.
   * @param body undefined asks by GET
   * @throws ServerFailure; what `signal` was aborted with
   */
  async call<Schema extends v.GenericSchema>(
    path: string,
    schema: Schema,
    body?: object,
    signal?: AbortSignal,
  ): Promise<v.InferOutput<Schema>> {
    using deadline = new Deadline(this.#timeoutMs, signal);
    try {
      signal?.throwIfAborted();
      const response = await this.#send(path, body, deadline.signal);
      return this.#check(schema, this.#parse(await this.#read(response.body)));
    } catch (error) {
      throw this.#failureOf(error, signal, deadline.signal);
    }
  }

  /**
   * Asks, and reads server-sent events as they come, up to `[DONE]`.
   * @throws as {@link call}
   */
  async *events<Schema extends v.GenericSchema>(
    path: string,
    schema: Schema,
    body: object,
    signal?: AbortSignal,
  ): AsyncGenerator<v.InferOutput<Schema>, undefined> {
    for await (const line of this.lines(path, body, signal)) {
      if (!line.startsWith('data:')) continue;
      const data = line.slice('data:'.length).trim();
      if (data === '[DONE]') return;
      yield this.#check(schema, this.#parse(data));
    }
    throw new ServerFailure('broken', this.address, 'stopped in the middle of an answer');
  }

  /**
   * Asks, and reads the lines of the answer as they come.
   * @throws as {@link call}
   */
  async *lines(path: string, body: object, signal?: AbortSignal): AsyncGenerator<string, undefined> {
    using deadline = new Deadline(this.#timeoutMs, signal);
    let response: Dispatcher.ResponseData | undefined;
    try {
      signal?.throwIfAborted();
      response = await this.#send(path, body, deadline.signal);
      let rest = '';
      for await (const chunk of this.#chunks(response.body)) {
        if (!chunk.includes('\n')) {
          rest += chunk;
          continue;
        }
        const lines = (rest + chunk).split('\n');
        rest = lines.pop() ?? '';
        yield* lines;
      }
      if (rest !== '') yield rest;
    } catch (error) {
      throw this.#failureOf(error, signal, deadline.signal);
    } finally {
      // The server stops when nobody reads.
      response?.body.destroy();
    }
  }

  /** Reads one line of an answer as JSON of that form. */
  readLine<Schema extends v.GenericSchema>(schema: Schema, line: string): v.InferOutput<Schema> {
    return this.#check(schema, this.#parse(line));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await (await this.#pool)?.destroy();
  }

  async #send(path: string, body: object | undefined, signal: AbortSignal): Promise<Dispatcher.ResponseData> {
    const pool = await (this.#pool ??= this.#connect());
    const pieces = body === undefined ? [] : encodeJson(body);
    const bytes = pieces.reduce((sum, { length }) => sum + length, 0);
    const response = await pool.request({
      method: body === undefined ? 'GET' : 'POST',
      path: `${this.#path}${path}`,
      headers: { ...this.#headers, 'content-length': String(bytes) },
      body: bytes > ONE_PIECE ? Readable.from(pieces) : Buffer.concat(pieces),
      signal,
    });
    // A body that is left unread may still fail.
    response.body.on('error', () => undefined);
    if (response.statusCode === 200) return response;
    throw await this.#refusal(response);
  }

  async #connect(): Promise<Pool> {
    const { Pool } = await import('undici');
    // Their time is counted from the question to the answer, whatever it is spent on.
    return new Pool(new URL(this.address).origin, {
      connect: { timeout: CONNECT_MS },
      headersTimeout: 0,
      bodyTimeout: 0,
    });
  }

  async #refusal(response: Dispatcher.ResponseData): Promise<Error> {
    const { statusCode, headers, body } = response;
    if (statusCode >= 300 && statusCode < 400) {
      body.destroy();
      const to = this.#quote(String(headers['location']));
      return new ServerFailure('denied', this.address, `redirects to ${to}, which is not followed`, {
        hint: 'Name the address that really answers',
      });
    }
    const text = await this.#read(body).catch(() => '');
    const json = parseJson(this.#withoutKey(text));
    const known = this.#readKnown(json);
    if (known !== undefined) return known;
    const said = messageOf(json ?? this.#withoutAnyKey(text));
    const problem = `answered with status ${statusCode}${said === undefined ? '' : `: ${this.#quote(said)}`}`;
    if (statusCode === 404) return new ServerFailure('denied', this.address, problem);
    if (statusCode === 401 || statusCode === 403)
      return new ServerFailure('denied', this.address, problem, {
        hint: 'Give its key with --server-key-file FILE',
      });
    if (statusCode === 429 || statusCode === 503)
      return new ServerFailure('overloaded', this.address, problem, {
        hint: 'Try again later',
        retryAfterMs: readRetryAfter(headers['retry-after']),
      });
    const isOurs = statusCode >= 400 && statusCode < 500 && statusCode !== 408;
    return new ServerFailure(isOurs ? 'refused' : 'broken', this.address, problem);
  }

  async #read(body: Readable): Promise<string> {
    let text = '';
    for await (const chunk of this.#chunks(body)) text += chunk;
    return text;
  }

  async *#chunks(body: Readable): AsyncGenerator<string, undefined> {
    body.setEncoding('utf8');
    let size = 0;
    for await (const chunk of body as AsyncIterable<string>) {
      size += chunk.length;
      if (size > MAX_MIB * 2 ** 20)
        throw new ServerFailure('broken', this.address, `answers without an end: ${MAX_MIB} MiB and more`);
      yield chunk;
    }
  }

  #parse(text: string): unknown {
    const said = parseJson(this.#withoutKey(text));
    if (said === undefined) {
      const begin = this.#withoutAnyKey(text).slice(0, 80);
      throw new ServerFailure('broken', this.address, `answered with what is not JSON: ${quote(begin)}`);
    }
    const known = this.#readKnown(said);
    if (known !== undefined) throw known;
    const error = messageOf(said);
    if (error === undefined) return said;
    throw new ServerFailure('broken', this.address, `answered with an error: ${this.#quote(error)}`);
  }

  #check<Schema extends v.GenericSchema>(schema: Schema, said: unknown): v.InferOutput<Schema> {
    const read = v.safeParse(schema, said);
    if (read.success) return read.output;
    const place = v.getDotPath(read.issues[0]) ?? 'the whole';
    throw new ServerFailure(
      'broken',
      this.address,
      `answered with an unknown form of JSON, at ${quote(place)}`,
    );
  }

  /** The failure that it tells as servers of its kind do, if it tells one. */
  #readKnown(said: unknown): Error | undefined {
    if (this.#readError(said) === undefined) return undefined;
    const clean: unknown = JSON.parse(JSON.stringify(said), (_, part: unknown) =>
      typeof part === 'string' ? this.#withoutAnyKey(part) : part,
    );
    return this.#readError(clean) ?? new ServerFailure('broken', this.address, 'answered with an error');
  }

  /** What it says, without the key, which some servers repeat. */
  #quote(text: string): string {
    return quote(this.#withoutAnyKey(text), 300);
  }

  #withoutAnyKey(text: string): string {
    return replaceAll(text, this.#secrets);
  }

  /** Of answers, where a short key may be a word like any other. */
  #withoutKey(text: string): string {
    return replaceAll(
      text,
      this.#secrets.filter(({ length }) => length >= SECRET_LENGTH),
    );
  }

  #failureOf(error: unknown, signal: AbortSignal | undefined, deadline: AbortSignal): Error {
    if (signal?.aborted === true) return signal.reason as Error;
    if (error instanceof ServerFailure) return error;
    if (deadline.aborted)
      return new ServerFailure('broken', this.address, `has not answered within ${this.#timeoutMs / 1000} s`);
    const code = codeWithin(error);
    const isBefore = code !== undefined && BEFORE_CONNECTION.has(code);
    const problem = PROBLEMS[code ?? ''] ?? `failed: ${this.#quote((error as Error).message)}`;
    return new ServerFailure(isBefore ? 'unreachable' : 'broken', this.address, problem, {
      cause: error,
      hint: 'Check that it runs, and its address',
    });
  }
}

/** The end of a question's time, or of its asker's patience, whichever comes first. */
class Deadline implements Disposable {
  readonly #controller = new AbortController();
  readonly #timer: NodeJS.Timeout;
  readonly #asker: AbortSignal | undefined;
  readonly #abort = () => {
    this.#controller.abort();
  };

  constructor(ms: number, asker: AbortSignal | undefined) {
    this.#timer = setTimeout(this.#abort, ms);
    this.#asker = asker;
    asker?.addEventListener('abort', this.#abort, { once: true });
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
    this.#asker?.removeEventListener('abort', this.#abort);
  }
}

function replaceAll(text: string, secrets: readonly string[]): string {
  return secrets.reduce((rest, secret) => rest.replaceAll(secret, '…'), text);
}

/** Failures by which no question can have arrived. */
const BEFORE_CONNECTION: ReadonlySet<string> = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'UND_ERR_CONNECT_TIMEOUT',
]);

const PROBLEMS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'cannot be reached: nothing listens there',
  ENOTFOUND: 'cannot be reached: there is no such host',
  EAI_AGAIN: 'cannot be reached: its host’s address cannot be looked up now',
  EHOSTUNREACH: 'cannot be reached: no way leads to that host',
  ENETUNREACH: 'cannot be reached: no way leads to that network',
  UND_ERR_CONNECT_TIMEOUT: 'cannot be reached: it does not take the connection',
  ECONNRESET: 'broke the connection',
  EPIPE: 'broke the connection',
  UND_ERR_SOCKET: 'broke the connection',
};

/** The system's code of an error, of what caused it, or of one of several tries at once. */
function codeWithin(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined;
  const [first] = error instanceof AggregateError ? (error.errors as unknown[]) : [error.cause];
  return codeOf(error) ?? codeWithin(first);
}

const errorSchema = v.object({
  error: v.union([
    v.string(),
    v.pipe(
      v.object({ message: v.string() }),
      v.transform(({ message }) => message),
    ),
  ]),
});
const otherErrorSchema = v.union([
  v.pipe(
    v.object({ object: v.literal('error'), message: v.string() }),
    v.transform(({ message }) => message),
  ),
  v.pipe(
    v.object({ detail: v.string() }),
    v.transform(({ detail }) => detail),
  ),
]);

/** The message of an error as servers write them; mere text is one too. */
function messageOf(said: unknown): string | undefined {
  if (typeof said === 'string') return said.trim() === '' ? undefined : said.trim();
  const read = v.safeParse(errorSchema, said);
  if (read.success) return read.output.error;
  const other = v.safeParse(otherErrorSchema, said);
  return other.success ? other.output : undefined;
}

/** `Retry-After` as seconds or as a date, in milliseconds from now. */
function readRetryAfter(value: string | string[] | undefined): number | undefined {
  if (typeof value !== 'string') return undefined;
  const ms = /^\d+$/.test(value.trim()) ? Number(value) * 1000 : Date.parse(value) - Date.now();
  return Number.isNaN(ms) ? undefined : Math.min(Math.max(ms, 0), LONGEST_WAIT_MS);
}
