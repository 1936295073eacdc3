import type { Readable } from 'node:stream';
import { quote } from '../../llava/quote.js';
import { failedAnswer, FailedTry, isPassing, failedConnection } from '../http/failed-try.js';
import type { HubAnswer } from '../http/hub-session.js';
import type { Pace } from '../http/pace.js';
import type { ByteRange } from './gaps.js';
import type { PartFile } from './part-file.js';

/** Bytes that an answer brings: from where on, and up to where as far as it says. */
export interface RangeAnswer {
  readonly start: number;
  readonly end: number;
  /** The server sends the file from its start, whatever was asked. */
  readonly isWhole: boolean;
}

/** The address is of no use any more: it has expired, or the server knows nothing of it. */
export class StaleAddress extends FailedTry {}

/**
 * What the answer to a request for `asked` of a file of `total` bytes brings.
 * @throws FailedTry when it is nothing of use, StaleAddress when a new address may help
 */
export function readRange(answer: HubAnswer, asked: ByteRange, total: number): RangeAnswer {
  const { status, headers, url } = answer;
  const host = quote(url.host);
  if (isPassing(status)) throw failedAnswer(answer, url.host);
  if (status !== 200 && status !== 206) throw new StaleAddress(`${host} answered ${status}`);
  const encoding = headers['content-encoding'] ?? 'identity';
  if (encoding !== 'identity') throw new FailedTry(`${host} sends the file in ${quote(encoding)}`);
  if (status === 200) {
    const length = headers['content-length'];
    if (length !== undefined && Number(length) !== total)
      throw new FailedTry(`${host} sends ${length} bytes, not ${total}`);
    return { start: 0, end: total, isWhole: true };
  }
  const value = headers['content-range'] ?? '';
  const [, first, last, size] = /^bytes (\d{1,15})-(\d{1,15})\/(\d{1,15}|\*)$/.exec(value) ?? [];
  if (first === undefined || last === undefined)
    throw new FailedTry(`${host} sends a part without saying which: ${quote(value)}`);
  if (size !== '*' && Number(size) !== total)
    throw new FailedTry(`${host} has a file of ${size ?? '?'} bytes, not ${total}`);
  const range = { start: Number(first), end: Number(last) + 1, isWhole: false };
  if (range.start !== asked.start || range.end > asked.end || range.end <= range.start)
    throw new FailedTry(`${host} sends ${quote(value)} where byte ${asked.start} on was asked for`);
  return range;
}

/** Bytes of a connection are noted after so many. */
const NOTE_EVERY_BYTES = 256 * 1024;
/** A connection that delivers less, in bytes a millisecond, counts as stalled. */
const SLOWEST = 1;

export interface Reception {
  readonly body: Readable;
  readonly host: string;
  /** Which bytes the body holds; what it says beyond is not believed. */
  readonly range: ByteRange;
  /** Bytes to keep, in order; nobody else writes them meanwhile. */
  readonly wanted: readonly ByteRange[];
  readonly part: PartFile;
  readonly pace: Pace;
  /** Called after each write and each note. */
  readonly onBytes: () => void;
}

/**
 * Writes what a body brings of the wanted bytes into the part, and notes it, also when it is cut short.
 * @throws FailedTry when it ends before all of `range` that is wanted came
 */
export async function receiveBytes(reception: Reception): Promise<void> {
  const { body, host, range, wanted, part, pace, onBytes } = reception;
  const end = Math.min(range.end, wanted.at(-1)?.end ?? range.start);
  const writer = new NotingWriter(part, onBytes);
  let position = range.start;
  using watch = watchPace(body, host, pace);
  try {
    for await (const chunk of body as AsyncIterable<Buffer>) {
      watch.add(chunk.length);
      for (const gap of wanted) await writer.write(clip(chunk, position, gap), Math.max(position, gap.start));
      position += chunk.length;
      // A body that holds just what is wanted is left to end: its connection serves again.
      if (position > end || (position === end && range.end > end)) break;
    }
  } catch (error) {
    if (position < end) throw failedConnection(error, host) ?? error;
  } finally {
    body.destroy();
    await writer.note();
  }
  if (position < end) throw new FailedTry(`the connection to "${host}" was cut`);
}

function clip(chunk: Buffer, position: number, { start, end }: ByteRange): Buffer {
  return chunk.subarray(Math.max(0, start - position), Math.max(0, end - position));
}

/** Writes runs of bytes, and notes them now and then behind the data. */
class NotingWriter {
  #run: { start: number; end: number } | undefined;
  readonly #part: PartFile;
  readonly #onBytes: () => void;

  constructor(part: PartFile, onBytes: () => void) {
    this.#part = part;
    this.#onBytes = onBytes;
  }

  async write(bytes: Uint8Array, position: number): Promise<void> {
    if (bytes.length === 0) return;
    if (this.#run?.end !== position) await this.note();
    await this.#part.write(bytes, position);
    this.#run ??= { start: position, end: position };
    this.#run.end += bytes.length;
    if (this.#run.end - this.#run.start >= NOTE_EVERY_BYTES) await this.note();
    this.#onBytes();
  }

  async note(): Promise<void> {
    const run = this.#run;
    this.#run = undefined;
    if (run === undefined) return;
    await this.#part.note(run);
    this.#onBytes();
  }
}

/** Cuts a body that sends almost no data over the time that the pace allows. */
function watchPace(body: Readable, host: string, pace: Pace): Disposable & { add(bytes: number): void } {
  let bytes = 0;
  const timer = setInterval(() => {
    if (bytes < pace.stalledMs * SLOWEST) body.destroy(new FailedTry(`"${host}" sends almost no data`));
    bytes = 0;
  }, pace.stalledMs);
  return {
    add(more) {
      bytes += more;
    },
    [Symbol.dispose]() {
      clearInterval(timer);
    },
  };
}
