import { Readable } from 'node:stream';

/** The items of `source` until `signal` is aborted; then its reason is thrown, also while an item is waited for. */
export async function* itemsUntilAborted<Item>(
  source: AsyncIterable<Item>,
  signal: AbortSignal,
): AsyncGenerator<Item> {
  signal.throwIfAborted();
  const iterator = source[Symbol.asyncIterator]();
  // A new one for each item: racing with one promise for all would make that one remember every race.
  let interrupt: (reason: Error) => void = () => undefined;
  const abort = () => {
    interrupt(signal.reason as Error);
    // A stream that waits for its other end would keep the process alive.
    if (source instanceof Readable) source.destroy();
  };
  signal.addEventListener('abort', abort, { once: true });
  try {
    for (;;) {
      signal.throwIfAborted();
      const result = await new Promise<IteratorResult<Item>>((resolve, reject) => {
        interrupt = reject;
        iterator.next().then(resolve, reject);
      });
      if (result.done === true) return;
      yield result.value;
    }
  } finally {
    signal.removeEventListener('abort', abort);
  }
}

/** The result of work that goes on whatever happens, or the signal's reason as soon as it is aborted. */
export async function resultUntilAborted<Result>(
  work: Promise<Result>,
  signal: AbortSignal,
): Promise<Result> {
  signal.throwIfAborted();
  let abort: () => void = () => undefined;
  const aborted = new Promise<never>((_, reject) => {
    abort = () => {
      reject(signal.reason as Error);
    };
  });
  signal.addEventListener('abort', abort, { once: true });
  try {
    return await Promise.race([work, aborted]);
  } finally {
    signal.removeEventListener('abort', abort);
  }
}
