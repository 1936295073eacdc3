/**
 * Maps with up to `concurrency` calls under way at once. Results come in the order of the items, each as soon as it is
 * there: a slow source of items holds none back.
 */
export async function* mapInOrder<Item, Result>(
  items: AsyncIterable<Item>,
  concurrency: number,
  map: (item: Item) => Promise<Result>,
): AsyncGenerator<Result> {
  const iterator = items[Symbol.asyncIterator]();
  const underWay: Promise<Result>[] = [];
  let next: Promise<IteratorResult<Item>> | undefined = ask(iterator);
  try {
    for (;;) {
      const [first] = underWay;
      const asked = underWay.length < concurrency ? next : undefined;
      if (first === undefined && asked === undefined) return;
      const item = await firstOf(asked, first);
      if (item === undefined) {
        if (first !== undefined) yield await first;
        void underWay.shift();
      } else if (item.done === true) {
        next = undefined;
      } else {
        underWay.push(quiet(map(item.value)));
        next = ask(iterator);
      }
    }
  } finally {
    // Not waited for: the source may be waiting itself.
    void iterator.return?.().catch(() => undefined);
  }
}

/** The next item, or undefined when the first result is there before it. */
async function firstOf<Item>(
  asked: Promise<Item> | undefined,
  result: Promise<unknown> | undefined,
): Promise<Item | undefined> {
  const settled = result?.then(() => undefined);
  return await Promise.race([asked, settled].filter((one) => one !== undefined));
}

/** Asks for each item one ahead of its use. */
export async function* oneAhead<Item>(items: AsyncIterable<Item>): AsyncGenerator<Item> {
  const iterator = items[Symbol.asyncIterator]();
  let next = ask(iterator);
  try {
    for (let result = await next; result.done !== true; result = await next) {
      next = ask(iterator);
      yield result.value;
    }
  } finally {
    await iterator.return?.();
  }
}

function ask<Item>(iterator: AsyncIterator<Item>): Promise<IteratorResult<Item>> {
  return quiet(iterator.next());
}

/** A promise whose failure is met later, when its turn comes. */
function quiet<Result>(promise: Promise<Result>): Promise<Result> {
  promise.catch(() => undefined);
  return promise;
}
