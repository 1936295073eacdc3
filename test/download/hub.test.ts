import { createHash } from 'node:crypto';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { askHub } from '../../src/hub/http/ask-hub.js';
import { FakeHub } from '../helpers/fake-hub.js';
import { addFile, COMMIT, hubFile, QUICK_PACE, settingsFor, sha256 } from './fixture.js';

let hub: FakeHub;
beforeEach(async () => {
  hub = await FakeHub.start();
});
afterEach(async () => {
  await hub[Symbol.asyncDispose]();
});

it('reads commit, hash and size from the redirect, and asks no other host', async () => {
  const file = addFile(hub, 12_345);
  const facts = await askHub(hubFile(file), settingsFor(hub, ''));
  const hash = sha256(file.bytes);
  expect(facts).toEqual({ commit: COMMIT, sha256: hash, etag: hash, bytes: 12_345 });
  expect(hub.requests.map(({ server, method }) => `${server} ${method}`)).toEqual(['hub HEAD']);
  expect(hub.requests[0]!.headers['accept-encoding']).toBe('identity');
});

it('reads entity tag and length of a file that the hub serves itself', async () => {
  const file = addFile(hub, 999, { isSmall: true });
  const etag = createHash('sha1').update(file.bytes).digest('hex');
  expect(await askHub(hubFile(file), settingsFor(hub, ''))).toEqual({
    commit: COMMIT,
    sha256: undefined,
    etag,
    bytes: 999,
  });
});

it.each([
  ['a file that is not there', { path: 'none.gguf' }, ': no such file'],
  ['a revision that is not there', { revision: 'v9' }, ': no such revision'],
])('names %s', async (_name, change, message) => {
  const file = { ...hubFile(addFile(hub, 10)), ...change };
  await expect(askHub(file, settingsFor(hub, ''))).rejects.toThrow(message);
});

it('tries again after 503 and 429, then gives up in words', async () => {
  const file = addFile(hub, 10);
  hub.faults = ({ before }) =>
    before < 3 ? { kind: 'status', status: before === 0 ? 429 : 503 } : undefined;
  await askHub(hubFile(file), settingsFor(hub, ''), undefined, QUICK_PACE);
  hub.faults = () => ({ kind: 'status', status: 503 });
  const run = askHub(hubFile(file), settingsFor(hub, ''), undefined, QUICK_PACE);
  await expect(run).rejects.toMatchObject({
    kind: 'weights',
    message: expect.stringContaining('503') as string,
  });
});

it('names a mirror that points elsewhere without saying what the file is', async () => {
  const file = addFile(hub, 10);
  hub.faults = () => ({ kind: 'redirect', location: 'https://elsewhere.example/x', status: 308 });
  await expect(askHub(hubFile(file), settingsFor(hub, ''))).rejects.toMatchObject({
    message: expect.stringContaining('but points to "https://elsewhere.example"') as string,
    hint: 'HF_ENDPOINT=https://elsewhere.example',
  });
});

it('asks nothing when offline', async () => {
  const file = addFile(hub, 10);
  const settings = { ...settingsFor(hub, ''), offline: true };
  await expect(askHub(hubFile(file), settings)).rejects.toThrow('HF_HUB_OFFLINE is set');
  expect(hub.requests).toEqual([]);
});

it('stops when told to', async () => {
  const file = addFile(hub, 10);
  await expect(askHub(hubFile(file), settingsFor(hub, ''), AbortSignal.abort())).rejects.toMatchObject({
    name: 'AbortError',
  });
});
