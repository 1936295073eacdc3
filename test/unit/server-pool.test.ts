import { afterEach, expect, it, vi } from 'vitest';
import { ServerFailure } from '../../src/remote/server-failure.js';
import type { ServedModel } from '../../src/remote/served-model.js';
import { ServerPool } from '../../src/remote/server-pool.js';

const ADDRESS = 'http://127.0.0.1:9';
/** Between two looks at the clock; the pause after a first failure, 100 ms, ends with the third. */
const LOOK_MS = 40;

afterEach(() => {
  vi.restoreAllMocks();
});

it('a pause that ends while the pool looks at the clock is not waited for without an end', async () => {
  const served = { facts: { address: ADDRESS }, [Symbol.asyncDispose]: () => Promise.resolve() };
  const connect = () => Promise.resolve(served as unknown as ServedModel);
  await using pool = new ServerPool([{ address: ADDRESS, connect }], {
    mostAtOnce: 4,
    patienceMs: 60_000,
    onNote: () => undefined,
  });
  let now = 0;
  vi.spyOn(Math, 'random').mockReturnValue(0);
  vi.spyOn(performance, 'now').mockImplementation(() => (now += LOOK_MS));
  const first = await pool.enter(undefined);
  first.failed(new ServerFailure('broken', ADDRESS, 'broke the connection'));
  const second = await pool.enter(undefined);
  expect(second.served.facts.address).toBe(ADDRESS);
});
