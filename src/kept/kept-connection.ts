import { request, type IncomingMessage } from 'node:http';
import { connect } from 'node:net';
import { createInterface } from 'node:readline';
import * as v from 'valibot';
import { parseJson } from '../llava/json.js';
import { readFailure, writeWire } from './wire.js';

/** A kept engine cannot be reached, died, or says what this version does not know. */
export class KeptGone extends Error {
  override readonly name = 'KeptGone';
}

/** Asks a kept engine over its socket, each time by a connection of its own: Node's pool takes 10 ms to begin. */
export class KeptConnection {
  readonly #address: string;

  /** @param address of a UNIX socket or named pipe */
  constructor(address: string) {
    this.#address = address;
  }

  /**
   * Sends a message and reads the answer.
   * @param body undefined asks by GET
   * @throws ExpectedError that the engine threw; KeptGone when there is no answer; what `signal` was aborted with
   */
  async call<Schema extends v.GenericSchema>(
    path: string,
    schema: Schema,
    body?: unknown,
    signal?: AbortSignal,
  ): Promise<v.InferOutput<Schema>> {
    const response = await this.#send(path, body, signal);
    let text = '';
    try {
      response.setEncoding('utf8');
      for await (const chunk of response) text += chunk as string;
    } catch (error) {
      throw gone(error, signal);
    }
    const said = parse(text);
    if (response.statusCode === 200) return check(schema, said);
    throw readFailure(said) ?? new KeptGone(`it answered with status ${response.statusCode}.`);
  }

  /**
   * Sends a message and reads the lines of the answer as they come.
   * @throws as {@link call}
   */
  async *lines<Schema extends v.GenericSchema>(
    path: string,
    schema: Schema,
    body: unknown,
    signal?: AbortSignal,
  ): AsyncGenerator<v.InferOutput<Schema>, undefined> {
    const response = await this.#send(path, body, signal);
    try {
      // A broken connection is told by the response, and not by its lines.
      const broken = new Promise<never>((_, reject) => response.once('error', reject));
      broken.catch(() => undefined);
      const lines = createInterface({ input: response, crlfDelay: Infinity })[Symbol.asyncIterator]();
      for (;;) {
        const next = await Promise.race([lines.next(), broken]);
        if (next.done === true) break;
        yield check(schema, parse(next.value));
      }
      if (!response.complete) throw new KeptGone('it died in the middle of an answer.');
    } catch (error) {
      throw gone(error, signal);
    } finally {
      // The engine stops when nobody reads.
      if (!response.complete) response.destroy();
    }
  }

  #send(path: string, body: unknown, signal: AbortSignal | undefined): Promise<IncomingMessage> {
    signal?.throwIfAborted();
    const text = body === undefined ? undefined : writeWire(body);
    return new Promise((resolve, reject) => {
      const sent = request(
        {
          createConnection: () => connect(this.#address),
          path,
          signal,
          method: text === undefined ? 'GET' : 'POST',
          headers:
            text === undefined
              ? {}
              : { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(text) },
        },
        resolve,
      );
      sent.once('error', (error) => {
        reject(gone(error, signal));
      });
      sent.end(text);
    });
  }
}

function parse(text: string): unknown {
  const said = parseJson(text);
  if (said === undefined) throw new KeptGone('its answer is not JSON.');
  return said;
}

function check<Schema extends v.GenericSchema>(schema: Schema, said: unknown): v.InferOutput<Schema> {
  const read = v.safeParse(schema, said);
  if (read.success) return read.output;
  throw new KeptGone('its answer is not one that this version knows.');
}

/** A connection that was cut on purpose is no sign of death. */
function gone(error: unknown, signal: AbortSignal | undefined): Error {
  if (signal?.aborted === true) return signal.reason as Error;
  if (error instanceof KeptGone) return error;
  return new KeptGone(DEATHS[(error as NodeJS.ErrnoException).code ?? ''] ?? `${(error as Error).message}.`, {
    cause: error,
  });
}

/** What the system's errors say about the process at the other end. */
const DEATHS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'it has died.',
  ENOENT: 'it has died.',
  ECONNRESET: 'it died in the middle of an answer.',
  EPIPE: 'it died in the middle of an answer.',
};
