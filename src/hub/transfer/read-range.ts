import { quote } from '../../llava/quote.js';
import { failedAnswer, FailedTry, isPassing } from '../http/failed-try.js';
import type { Interval } from './gaps.js';
import type { HubAnswer } from '../http/hub-session.js';

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
export function readRange(answer: HubAnswer, asked: Interval, total: number): RangeAnswer {
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
