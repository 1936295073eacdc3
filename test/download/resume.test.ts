import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { bytesOfPart, downloadFile } from '../../src/hub/transfer/download.js';
import { partPaths } from '../../src/hub/transfer/part-file.js';
import { FakeHub } from '../helpers/fake-hub.js';
import type { FakeFile } from '../helpers/hub-faults.js';
import { temporaryFolder } from '../helpers/temporary-folder.js';
import { addFile, isDone, QUICK_PACE, requestFor, settingsFor } from './fixture.js';

const folder = temporaryFolder();
const SIZE = 3_000_001;
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

/** Ends a download after so many bytes. */
async function leavePart(file: FakeFile, bytes: number): Promise<void> {
  const stop = new AbortController();
  hub.onSent = (seen) => {
    if (hub.sentOf(seen.file) >= bytes) stop.abort();
  };
  const run = downloadFile(requestFor(file, folder), settingsFor(hub, folder), {
    pace: QUICK_PACE,
    signal: stop.signal,
  });
  await expect(run).rejects.toMatchObject({ name: 'AbortError' });
  hub.onSent = () => undefined;
}

it('keeps the part of an interrupted download, and the next one fetches only the rest', async () => {
  hub.pauseMs = 1;
  const file = addFile(hub, SIZE);
  const { target, ...request } = requestFor(file, folder);
  await leavePart(file, SIZE / 2);
  const kept = await bytesOfPart(target);
  expect(kept).toBeGreaterThan(SIZE / 4);
  expect(existsSync(target)).toBe(false);
  const before = hub.sentOf(file.path);
  await downloadFile({ target, ...request }, settingsFor(hub, folder), { pace: QUICK_PACE });
  expect(isDone(target, file.bytes)).toBe(true);
  expect(hub.sentOf(file.path) - before).toBe(SIZE - kept);
  expect(await bytesOfPart(target)).toBe(0);
});

it('ends at once, also while it waits', async () => {
  const stop = new AbortController();
  hub.faults = ({ server }) =>
    server === 'cdn' ? { kind: 'status', status: 429, headers: { 'retry-after': '100' } } : undefined;
  const start = performance.now();
  const run = downloadFile(requestFor(addFile(hub, SIZE), folder), settingsFor(hub, folder), {
    pace: QUICK_PACE,
    signal: stop.signal,
    onProgress: ({ phase }) => {
      if (phase === 'waiting') stop.abort();
    },
  });
  await expect(run).rejects.toMatchObject({ name: 'AbortError' });
  expect(performance.now() - start).toBeLessThan(1000);
});

it.each([
  ['a log without an identity', 'nonsense\n0 100\n'],
  ['a log of another file', '{"bytes":5,"name":"other"}\n0 5\n'],
])('begins anew with %s', async (_name, log) => {
  const file = addFile(hub, SIZE);
  const request = requestFor(file, folder);
  writeFileSync(partPaths(request.target).part, Buffer.alloc(SIZE));
  writeFileSync(partPaths(request.target).log, log);
  await downloadFile(request, settingsFor(hub, folder), { pace: QUICK_PACE });
  expect(isDone(request.target, file.bytes)).toBe(true);
  expect(hub.sentOf(file.path)).toBe(SIZE);
});

it('fetches again what the log claims and the part lacks', async () => {
  const file = addFile(hub, SIZE);
  const request = requestFor(file, folder);
  writeFileSync(partPaths(request.target).part, file.bytes.subarray(0, 1000));
  const identity = JSON.stringify({ bytes: SIZE, name: request.sha256 });
  writeFileSync(partPaths(request.target).log, `${identity}\n0 2000\n500 100\n99`);
  await downloadFile(request, settingsFor(hub, folder), { pace: QUICK_PACE });
  expect(isDone(request.target, file.bytes)).toBe(true);
  expect(hub.sentOf(file.path)).toBe(SIZE - 1000);
});

it('goes on at a server that knows no ranges any more', async () => {
  hub.pauseMs = 1;
  const file = addFile(hub, SIZE);
  await leavePart(file, SIZE / 2);
  hub.faults = ({ server }) => (server === 'cdn' ? { kind: 'whole' } : undefined);
  const request = requestFor(file, folder);
  await downloadFile(request, settingsFor(hub, folder), { pace: QUICK_PACE });
  expect(isDone(request.target, file.bytes)).toBe(true);
  expect(hub.sentOf(file.path)).toBeLessThanOrEqual(3 * SIZE);
});

it('notes only bytes that are in the part', async () => {
  hub.pauseMs = 1;
  const file = addFile(hub, SIZE);
  await leavePart(file, SIZE / 2);
  const { part, log } = partPaths(requestFor(file, folder).target);
  const data = readFileSync(part);
  const [, ...lines] = readFileSync(log, 'utf8').trimEnd().split('\n');
  for (const line of lines) {
    const [start, length] = line.split(' ').map(Number);
    const end = start! + length!;
    expect(data.subarray(start, end).equals(file.bytes.subarray(start, end))).toBe(true);
  }
});

it('takes a file that is there only for its hash, never for its size', async () => {
  const file = addFile(hub, SIZE);
  const request = requestFor(file, folder);
  writeFileSync(request.target, Buffer.alloc(SIZE));
  await downloadFile(request, settingsFor(hub, folder), { pace: QUICK_PACE });
  expect(isDone(request.target, file.bytes)).toBe(true);
  const sent = hub.sentOf(file.path);
  await downloadFile(request, settingsFor(hub, folder), { pace: QUICK_PACE });
  expect(hub.sentOf(file.path)).toBe(sent);
});

it('clears away what a process left that was killed once the file was whole', async () => {
  const file = addFile(hub, SIZE);
  const request = requestFor(file, folder);
  const { part, log } = partPaths(request.target);
  writeFileSync(request.target, file.bytes);
  writeFileSync(part, '');
  writeFileSync(log, '');
  await downloadFile(request, settingsFor(hub, folder), { pace: QUICK_PACE });
  expect(isDone(request.target, file.bytes)).toBe(true);
});
