import { existsSync, mkdirSync, readFileSync, utimesSync } from 'node:fs';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { downloadFile } from '../../src/hub/transfer/download.js';
import { partPaths, readPresent } from '../../src/hub/transfer/part-file.js';
import type { TransferProgress } from '../../src/hub/transfer/transfer-progress.js';
import { FakeHub } from '../helpers/fake-hub.js';
import { FakeProxy } from '../helpers/fake-proxy.js';
import { temporaryFolder } from '../helpers/temporary-folder.js';
import { addFile, isDone, QUICK_PACE, requestFor, settingsFor } from './fixture.js';
import { startChild } from './run-child.js';

const folder = temporaryFolder();
const SIZE = 4_000_000;
let hub: FakeHub;
beforeAll(async () => {
  hub = await FakeHub.start();
});
afterAll(async () => {
  await hub[Symbol.asyncDispose]();
});

it('lets one of two processes fetch, and the other use what it fetched', async () => {
  hub.pauseMs = 30;
  const file = addFile(hub, SIZE);
  const request = requestFor(file, folder);
  const children = [
    startChild([request], settingsFor(hub, folder)),
    startChild([request], settingsFor(hub, folder)),
  ];
  const results = await Promise.all(children.map(({ ended }) => ended));
  hub.pauseMs = 0;
  expect(results.map(({ code }) => code)).toEqual([0, 0]);
  expect(results.filter(({ output }) => output.includes('another process is downloading it'))).toHaveLength(
    1,
  );
  expect(isDone(request.target, file.bytes)).toBe(true);
  expect(hub.sentOf(file.path)).toBe(SIZE);
});

it('takes over the lock of a process that is gone', async () => {
  const file = addFile(hub, SIZE);
  const request = requestFor(file, folder);
  mkdirSync(`${request.target}.lock`);
  const old = Date.now() / 1000 - 60;
  utimesSync(`${request.target}.lock`, old, old);
  await downloadFile(request, settingsFor(hub, folder), { pace: QUICK_PACE });
  expect(isDone(request.target, file.bytes)).toBe(true);
});

it('waits for whoever took its own lock over, and goes on from there', async () => {
  hub.pauseMs = 60;
  const file = addFile(hub, SIZE);
  const request = requestFor(file, folder);
  const seen: TransferProgress[] = [];
  const run = downloadFile(request, settingsFor(hub, folder), {
    pace: QUICK_PACE,
    connections: 1,
    onProgress: (progress) => {
      seen.push(progress);
      if (seen.length !== 5) return;
      const soon = Date.now() / 1000 + 1;
      utimesSync(`${request.target}.lock`, soon, soon);
    },
  });
  await run;
  hub.pauseMs = 0;
  expect(
    seen.some(({ phase, note }) => phase === 'waiting' && note === 'another process is downloading it'),
  ).toBe(true);
  expect(hub.sentOf(file.path)).toBeLessThan(SIZE + 600_000);
});

it.each(['http_proxy', 'HTTP_PROXY', 'all_proxy'])('goes through the proxy of %s', async (name) => {
  await using proxy = await FakeProxy.start();
  const file = addFile(hub, SIZE);
  const request = requestFor(file, folder);
  const env = { no_proxy: '', [name]: proxy.url };
  const { code, output } = await startChild([request], settingsFor(hub, folder), { env }).ended;
  expect({ code, output }).toEqual({ code: 0, output: `done: ${file.path}\n` });
  expect(proxy.asked.length).toBe(hub.requests.filter((seen) => seen.file === file.path).length);
  expect(proxy.asked[0]).toBe(`HEAD ${hub.endpoint}/owner/name/resolve/${file.commit}/${file.path}`);
  expect(isDone(request.target, file.bytes)).toBe(true);
});

it('goes past the proxy to hosts of no_proxy', async () => {
  await using proxy = await FakeProxy.start();
  const file = addFile(hub, SIZE);
  const env = { http_proxy: proxy.url, no_proxy: 'localhost' };
  const { code, output } = await startChild([requestFor(file, folder)], settingsFor(hub, folder), { env })
    .ended;
  expect({ code, output }).toEqual({ code: 0, output: `done: ${file.path}\n` });
  expect(proxy.asked.map((line) => line.split(' ')[0])).toEqual(['HEAD']);
});

it('tunnels https through the proxy', async () => {
  await using proxy = await FakeProxy.start();
  const file = addFile(hub, SIZE);
  const settings = { ...settingsFor(hub, folder), endpoint: hub.endpoint.replace('http:', 'https:') };
  const env = { https_proxy: proxy.url, no_proxy: '' };
  const { code } = await startChild([requestFor(file, folder)], settings, { env }).ended;
  // The fake hub speaks no TLS: how far it came is what counts.
  expect(code).not.toBe(0);
  expect(proxy.asked[0]).toBe(`CONNECT ${new URL(hub.endpoint).host}`);
});

it('notes nothing that the disk refused, and goes on when it takes more', async () => {
  hub.pauseMs = 1;
  const file = addFile(hub, SIZE);
  const request = requestFor(file, folder);
  const { output } = await startChild([request], settingsFor(hub, folder), { limit: '1000' }).ended;
  expect(output).toMatch(/^error: .* cannot be written: files cannot be that large here/);
  expect(existsSync(request.target)).toBe(false);
  const data = readFileSync(partPaths(request.target).part);
  const { present } = await readPresent(request.target);
  const noted = readFileSync(partPaths(request.target).log, 'utf8').trimEnd().split('\n').slice(1);
  expect(noted.length).toBeGreaterThan(0);
  for (const [start, length] of noted.map((line) => line.split(' ').map(Number))) {
    const end = start! + length!;
    expect(data.subarray(start, end).equals(file.bytes.subarray(start, end))).toBe(true);
  }
  const before = hub.sentOf(file.path);
  await downloadFile(request, settingsFor(hub, folder), { pace: QUICK_PACE });
  hub.pauseMs = 0;
  expect(isDone(request.target, file.bytes)).toBe(true);
  expect(hub.sentOf(file.path) - before).toBe(
    SIZE - present.reduce((sum, { start, end }) => sum + end - start, 0),
  );
});
