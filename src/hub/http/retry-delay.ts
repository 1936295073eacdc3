import type { Pace } from './pace.js';

/** Values of headers by lower-case name. */
export type Headers = Readonly<Record<string, string | undefined>>;

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

/** Wait before the try after `failures` in a row: doubles each time, and a random half keeps clients apart. */
export function backoff(failures: number, pace: Pace, random = Math.random()): number {
  const longest = Math.min(pace.longestWaitMs, pace.firstWaitMs * 2 ** Math.max(0, failures - 1));
  return longest * (0.5 + random / 2);
}
