import { describe, expect, it } from 'vitest';
import { bytesIn, clampRanges, frontOf, gapsBetween, mergeRanges } from '../../src/hub/transfer/gaps.js';
import { DEFAULT_PACE } from '../../src/hub/http/pace.js';
import { formatIdentity, formatRange, parseLog } from '../../src/hub/transfer/part-file.js';
import { PieceQueue, pieceSize } from '../../src/hub/transfer/transfer.js';
import { proxyFor } from '../../src/hub/http/proxy.js';
import { delayAskedFor } from '../../src/hub/http/failed-try.js';
import { backoff } from '../../src/hub/http/patience.js';
import { mayCarryToken } from '../../src/hub/http/hub-session.js';
import { Seeded } from '../reference/seeded.js';

describe('ranges', () => {
  it('say the same as a byte map, whatever they are', () => {
    const random = new Seeded(3);
    for (let round = 0; round < 300; round++) {
      const map = new Array<boolean>(40).fill(false);
      const ranges = Array.from({ length: random.below(8) }, () => {
        const start = random.below(50);
        const end = start + random.below(12) - 2;
        map.fill(true, Math.min(start, 40), Math.min(Math.max(start, end), 40));
        return { start, end };
      });
      const present = clampRanges(ranges, 40);
      const spread = (list: typeof present) =>
        map.map((_, byte) => list.some(({ start, end }) => start <= byte && byte < end));
      expect(spread(present)).toEqual(map);
      expect(spread(gapsBetween(present, 40))).toEqual(map.map((isThere) => !isThere));
      expect(bytesIn(present)).toBe(map.filter(Boolean).length);
      expect(frontOf(present)).toBe(map.includes(false) ? map.indexOf(false) : 40);
      expect(mergeRanges(present)).toEqual(present);
    }
  });
});

describe('pieces', () => {
  it('cover the gaps in order, and are no larger than asked', () => {
    const queue = new PieceQueue(
      [
        { start: 0, end: 25 },
        { start: 30, end: 31 },
      ],
      10,
    );
    const taken = [queue.take(), queue.take()];
    expect(taken).toEqual([
      { start: 0, end: 10 },
      { start: 10, end: 20 },
    ]);
    expect(queue.takeAll()).toEqual([
      { start: 20, end: 25 },
      { start: 30, end: 31 },
    ]);
    expect(queue.take()).toBeUndefined();
  });

  it('are half a MiB to 32 MiB', () => {
    expect(pieceSize(1, 4)).toBe(2 ** 19);
    expect(pieceSize(2 ** 28, 4)).toBe(2 ** 24);
    expect(pieceSize(2 ** 40, 4)).toBe(2 ** 25);
  });
});

describe('the log of a part', () => {
  const identity = { bytes: 100, name: 'abc' };
  const head = formatIdentity(identity);

  it('is read as it was written', () => {
    const lines = [
      { start: 50, end: 60 },
      { start: 0, end: 10 },
    ]
      .map(formatRange)
      .join('');
    expect(parseLog(head + lines)).toEqual({
      identity,
      present: [
        { start: 0, end: 10 },
        { start: 50, end: 60 },
      ],
    });
  });

  it.each([
    ['a torn line', '0 10\n10 5', [{ start: 0, end: 10 }]],
    [
      'lines that are no range',
      '0 10\nx\n-5 9\n1e3 4\n20 5\n',
      [
        { start: 0, end: 10 },
        { start: 20, end: 25 },
      ],
    ],
    ['overlaps', '0 10\n5 10\n', [{ start: 0, end: 15 }]],
    ['ranges past the end', '90 50\n200 5\n', [{ start: 90, end: 100 }]],
  ])('bears %s', (_name, lines, present) => {
    expect(parseLog(head + lines)?.present).toEqual(present);
  });

  it.each(['', 'abc\n', '{"bytes":1}\n', '{"bytes":-0.5,"name":"a"}\n', '[1]\n', head.trimEnd(), 'null\n'])(
    'is none with the first line %j',
    (text) => {
      expect(parseLog(text)).toBeUndefined();
    },
  );
});

describe('the wait before a further try', () => {
  const now = Date.parse('2026-01-01T00:00:00Z');
  it.each([
    [{}, undefined],
    [{ 'retry-after': '7' }, 7000],
    [{ 'retry-after': 'Thu, 01 Jan 2026 00:00:30 GMT' }, 30_000],
    [{ 'retry-after': 'Wed, 31 Dec 2025 00:00:30 GMT' }, 0],
    [{ 'retry-after': 'soon' }, undefined],
    [{ ratelimit: '"resolvers";r=0;t=12' }, 12_000],
    [{ ratelimit: '"resolvers";r=2999;t=12' }, undefined],
    [{ ratelimit: '"api";r=0;t=5', 'retry-after': '9' }, 9000],
  ])('is read from %j', (headers, delay) => {
    expect(delayAskedFor(headers, now)).toBe(delay);
  });

  it('doubles up to the longest, with a random half', () => {
    expect([1, 2, 3, 4].map((failures) => backoff(failures, DEFAULT_PACE, 1))).toEqual([
      1000, 2000, 4000, 8000,
    ]);
    expect(backoff(3, DEFAULT_PACE, 0)).toBe(2000);
    expect(backoff(99, DEFAULT_PACE, 1)).toBe(30_000);
  });
});

describe('the token', () => {
  it.each([
    ['https://hub.example/a', 'https://hub.example', true],
    ['https://hub.example:443/a', 'https://hub.example', true],
    ['https://hub.example:444/a', 'https://hub.example', false],
    ['http://hub.example/a', 'https://hub.example', false],
    ['https://cdn.hub.example/a', 'https://hub.example', false],
    ['https://hub.example.evil.example/a', 'https://hub.example', false],
    ['https://hub.example@evil.example/a', 'https://hub.example', false],
    ['http://hub.example/a', 'http://hub.example', false],
    ['http://127.0.0.1:80/a', 'http://127.0.0.1', true],
    ['http://localhost:8080/a', 'http://localhost:8080', true],
    ['http://[::1]:8080/a', 'http://[::1]:8080', true],
    ['http://127.0.0.1.evil.example/a', 'http://127.0.0.1.evil.example', false],
  ])('may go to %s for %s: %s', (url, endpoint, isAllowed) => {
    expect(mayCarryToken(new URL(url), new URL(endpoint))).toBe(isAllowed);
  });
});

describe('the proxy', () => {
  const env = {
    https_proxy: 'http://p:1',
    HTTP_PROXY: 'q:2',
    no_proxy: 'a.example, .b.example,c.example:8080,[::1]',
  };
  it.each([
    ['https://x.example', 'http://p:1'],
    ['http://x.example', 'http://q:2'],
    ['https://a.example', undefined],
    ['https://sub.a.example', undefined],
    ['https://nota.example', 'http://p:1'],
    ['https://sub.b.example', undefined],
    ['https://c.example', 'http://p:1'],
    ['https://c.example:8080', undefined],
    ['https://[::1]', undefined],
  ])('for %s is %s', (url, proxy) => {
    expect(proxyFor(new URL(url), env)?.address).toBe(proxy);
  });

  it('is none with no_proxy=* or without variables, and all_proxy else', () => {
    expect(proxyFor(new URL('https://x'), { ...env, no_proxy: '*' })).toBeUndefined();
    expect(proxyFor(new URL('https://x'), {})).toBeUndefined();
    expect(proxyFor(new URL('https://x'), { ALL_PROXY: 'http://r' })).toEqual({
      address: 'http://r',
      variable: 'ALL_PROXY',
    });
  });
});
