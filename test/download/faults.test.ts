import { writeFileSync } from 'node:fs';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { downloadFile, type DownloadOptions } from '../../src/hub/transfer/download.js';
import type { TransferProgress } from '../../src/hub/transfer/transfer-progress.js';
import { FakeHub } from '../helpers/fake-hub.js';
import type { Fault, FaultScript, SeenRequest } from '../helpers/hub-faults.js';
import { temporaryFolder } from '../helpers/temporary-folder.js';
import { addFile, isDone, QUICK_PACE, requestFor, settingsFor } from './fixture.js';

const folder = temporaryFolder();
const SIZE = 3_000_001;
/** What one broken connection may cost: bytes that were on their way. */
const IN_FLIGHT = 1024 * 1024;
let hub: FakeHub;

beforeAll(async () => {
  hub = await FakeHub.start();
});
afterAll(async () => {
  await hub[Symbol.asyncDispose]();
});
beforeEach(() => {
  hub.faults = () => undefined;
  hub.pauseMs = 0;
});

function download(faults: FaultScript, options: DownloadOptions = {}, size = SIZE) {
  const file = addFile(hub, size);
  hub.faults = faults;
  const request = requestFor(file, folder);
  const run = downloadFile(request, settingsFor(hub, folder), { pace: QUICK_PACE, ...options });
  return { file, request, run };
}

/** The fault at the first GETs of bytes. */
function first(count: number, fault: Fault): FaultScript {
  return ({ server, method, before }) =>
    server === 'cdn' && method === 'GET' && before < count ? fault : undefined;
}

function always(fault: Fault): FaultScript {
  return first(Infinity, fault);
}

function rangesOf(path: string): SeenRequest[] {
  return hub.requests.filter(
    ({ file, server, method }) => file === path && server === 'cdn' && method === 'GET',
  );
}

describe('a download without faults', () => {
  it.each([0, 1, 600_000, SIZE, 9_000_000])('brings %i bytes, each once', async (size) => {
    const { file, request, run } = download(() => undefined, {}, size);
    await run;
    expect(isDone(request.target, file.bytes)).toBe(true);
    expect(hub.sentOf(file.path)).toBe(size);
  });

  it('uses several connections at once', async () => {
    hub.pauseMs = 2;
    const { file, run } = download(() => undefined);
    await run;
    expect(new Set(rangesOf(file.path).map(({ range }) => range!.start)).size).toBeGreaterThanOrEqual(4);
  });

  it('reports bytes as they come, and the end', async () => {
    hub.pauseMs = 5;
    const seen: TransferProgress[] = [];
    const { file, run } = download(() => undefined, { onProgress: (progress) => seen.push(progress) });
    await run;
    expect(seen.at(-1)).toEqual({ file: file.path, phase: 'downloading', done: SIZE, total: SIZE });
    expect(seen.map(({ done }) => done)).toEqual(seen.map(({ done }) => done).toSorted((a, b) => a - b));
    expect(seen.length).toBeGreaterThan(3);
  });

  it('asks for no byte of a file that is there', async () => {
    const file = addFile(hub, SIZE);
    const request = requestFor(file, folder);
    writeFileSync(request.target, file.bytes);
    await downloadFile(request, settingsFor(hub, folder));
    expect(hub.sentOf(file.path)).toBe(0);
  });
});

describe('faults that pass', () => {
  const faults: Record<string, { fault: Fault; count: number; extra: number }> = {
    'cut connections': { fault: { kind: 'cut', after: 150_000 }, count: 3, extra: 3 * IN_FLIGHT },
    'connections cut before a byte': { fault: { kind: 'cut', after: 0 }, count: 3, extra: 0 },
    '200 instead of 206': { fault: { kind: 'whole' }, count: 1, extra: 0 },
    '416': { fault: { kind: 'status', status: 416 }, count: 2, extra: 0 },
    '429 with RateLimit': {
      fault: { kind: 'status', status: 429, headers: { ratelimit: '"resolvers";r=0;t=1' } },
      count: 1,
      extra: 0,
    },
    '503 with Retry-After': {
      fault: { kind: 'status', status: 503, headers: { 'retry-after': '1' } },
      count: 1,
      extra: 0,
    },
    '500': { fault: { kind: 'status', status: 500 }, count: 3, extra: 0 },
    'wrong bytes, once': { fault: { kind: 'wrong-bytes', at: 70_000 }, count: 1, extra: SIZE },
    'a range from elsewhere': { fault: { kind: 'wrong-range', shift: 1000 }, count: 2, extra: 2 * IN_FLIGHT },
    'a range of a longer file': { fault: { kind: 'wrong-total', by: 1 }, count: 2, extra: 2 * IN_FLIGHT },
    'a body that is too short': { fault: { kind: 'wrong-length', by: -1000 }, count: 2, extra: 0 },
    'a body that is too long': { fault: { kind: 'wrong-length', by: 1000 }, count: 2, extra: 2000 },
    'a stalled connection': { fault: { kind: 'stall', after: 100_000 }, count: 2, extra: IN_FLIGHT },
    'a drip': { fault: { kind: 'drip', bytes: 1, everyMs: 20 }, count: 1, extra: IN_FLIGHT },
  };

  it.each(Object.entries(faults))('%s', async (_name, { fault, count, extra }) => {
    hub.pauseMs = 1;
    const { file, request, run } = download(first(count, fault), { pace: { ...QUICK_PACE, stalledMs: 500 } });
    await run;
    expect(isDone(request.target, file.bytes)).toBe(true);
    expect(hub.sentOf(file.path)).toBeLessThanOrEqual(SIZE + extra);
  });

  it('waits as long as 429 asks for, and says so', async () => {
    const seen: TransferProgress[] = [];
    const fault: Fault = { kind: 'status', status: 429, headers: { 'retry-after': '1' } };
    const start = performance.now();
    const { run } = download(first(1, fault), { onProgress: (progress) => seen.push(progress) });
    await run;
    expect(performance.now() - start).toBeGreaterThanOrEqual(1000);
    expect(seen.find(({ phase }) => phase === 'waiting')?.note).toMatch(
      /asks for fewer requests \(429\); next try in 1 s/,
    );
  });

  it('asks for a new signed address when the old one has expired, and fetches on', async () => {
    hub.pauseMs = 1;
    let isExpired = false;
    hub.onSent = ({ file }) => {
      if (isExpired || hub.sentOf(file) < SIZE / 3) return;
      isExpired = true;
      hub.expire();
    };
    const { file, request, run } = download(() => (isExpired ? { kind: 'late', ms: 100 } : undefined));
    await run;
    hub.onSent = () => undefined;
    expect(isDone(request.target, file.bytes)).toBe(true);
    expect(hub.sentOf(file.path)).toBe(SIZE);
    const heads = hub.requests.filter((seen) => seen.file === file.path && seen.server === 'hub');
    // Several connections met the old address; one asked for all.
    expect(heads).toHaveLength(2);
    expect(rangesOf(file.path).filter(({ status }) => status === 403).length).toBeGreaterThan(1);
  });

  it('takes the whole file from a server that knows no ranges', async () => {
    const { file, request, run } = download(always({ kind: 'whole' }));
    await run;
    expect(isDone(request.target, file.bytes)).toBe(true);
    expect(hub.sentOf(file.path)).toBe(SIZE);
  });

  it('takes a file that the hub serves itself', async () => {
    const file = addFile(hub, SIZE, { isSmall: true });
    const request = requestFor(file, folder);
    await downloadFile(request, settingsFor(hub, folder), { pace: QUICK_PACE });
    expect(isDone(request.target, file.bytes)).toBe(true);
  });
});
