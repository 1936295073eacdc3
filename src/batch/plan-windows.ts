import { heldBytes, type OpenLimits, type PlannedRow } from './open-rows.js';

/** How much of the input is looked at together. */
export interface WindowLimits extends OpenLimits {
  readonly maxRows: number;
  /** Of lines and of pictures held in memory. */
  readonly maxBytes: number;
  /** A window is closed early when the input pauses for that long, so that a slow pipe is answered as it comes. */
  readonly pauseMs: number;
}

export const WINDOW_LIMITS: WindowLimits = {
  maxRows: 512,
  maxBytes: 128 * 2 ** 20,
  pauseMs: 250,
  maxOpenRows: 16_384,
  maxOpenBytes: 256 * 2 ** 20,
};

/** Cuts a stream of rows into windows of bounded size, in order. One row is always let in, however large. */
export async function* planWindows(
  rows: AsyncIterable<PlannedRow>,
  { maxRows, maxBytes, pauseMs }: WindowLimits = WINDOW_LIMITS,
): AsyncGenerator<readonly PlannedRow[]> {
  const iterator = rows[Symbol.asyncIterator]();
  let next = iterator.next();
  for (;;) {
    const window: PlannedRow[] = [];
    let bytes = 0;
    let done = false;
    while (window.length < maxRows && bytes < maxBytes) {
      const result = window.length === 0 ? await next : await orPause(next, pauseMs);
      if (result === undefined) break;
      if (result.done === true) {
        done = true;
        break;
      }
      window.push(result.value);
      bytes += heldBytes(result.value.row);
      next = iterator.next();
      // Its failure is met when its turn comes.
      next.catch(() => undefined);
    }
    if (window.length > 0) yield window;
    if (done) return;
  }
}

/** The promise's value, or undefined when it takes longer than `ms`. */
async function orPause<Value>(promise: Promise<Value>, ms: number): Promise<Value | undefined> {
  let timer: NodeJS.Timeout | undefined;
  const pause = new Promise<undefined>((resolve) => {
    timer = setTimeout(resolve, ms, undefined);
  });
  try {
    return await Promise.race([promise, pause]);
  } finally {
    clearTimeout(timer);
  }
}
