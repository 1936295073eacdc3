import { afterEach, beforeEach, expect, it } from 'vitest';
import { downloadFile } from '../../src/hub/transfer/download.js';
import { askHub } from '../../src/hub/http/ask-hub.js';
import { FakeHub } from '../helpers/fake-hub.js';
import { temporaryFolder } from '../helpers/temporary-folder.js';
import { addFile, hubFile, isDone, QUICK_PACE, requestFor, settingsFor } from './fixture.js';

const folder = temporaryFolder();
const SIZE = 2_000_000;
const options = { pace: QUICK_PACE };
let hub: FakeHub;
let other: FakeHub;

beforeEach(async () => {
  hub = await FakeHub.start();
  other = await FakeHub.start();
});
afterEach(async () => {
  await hub[Symbol.asyncDispose]();
  await other[Symbol.asyncDispose]();
});

/** Requests that carried a token, on any server. */
function withToken() {
  return [...hub.requests, ...other.requests].filter(({ headers }) => headers.authorization !== undefined);
}

it('sends no token to a hub that asks for none', async () => {
  const file = addFile(hub, SIZE);
  await askHub(hubFile(file), settingsFor(hub, folder, hub.token));
  await downloadFile(requestFor(file, folder), settingsFor(hub, folder, hub.token), options);
  expect(withToken()).toEqual([]);
});

it('sends the token to the hub once it asks, and never to the host that it points to', async () => {
  const file = addFile(hub, SIZE, { isGated: true });
  const request = requestFor(file, folder);
  await downloadFile(request, settingsFor(hub, folder, hub.token), options);
  expect(isDone(request.target, file.bytes)).toBe(true);
  expect(hub.requests[0]!.headers.authorization).toBeUndefined();
  expect(withToken().length).toBeGreaterThan(0);
  expect(withToken().map(({ server }) => server)).not.toContain('cdn');
  expect(new Set(withToken().map(({ host }) => `http://${host}`))).toEqual(new Set([hub.endpoint]));
});

it('sends it to no other host that asks for one', async () => {
  const file = addFile(hub, SIZE, { isGated: true });
  hub.faults = ({ server }) =>
    server === 'cdn' ? { kind: 'redirect', location: `${other.endpoint}/cdn${path}` } : undefined;
  const path = `/owner/name/resolve/${file.commit}/${file.path}`;
  other.faults = () => ({ kind: 'status', status: 401 });
  const run = downloadFile(requestFor(file, folder), settingsFor(hub, folder, hub.token), options);
  await expect(run).rejects.toThrow('answered 401');
  expect(other.requests.length).toBeGreaterThan(0);
  expect(withToken().filter(({ host }) => `http://${host}` !== hub.endpoint)).toEqual([]);
});

it('sends it to no host that the hub moves a repository to', async () => {
  const file = addFile(hub, SIZE);
  hub.faults = ({ headers, path }) =>
    headers.authorization === undefined
      ? { kind: 'status', status: 401 }
      : { kind: 'redirect', location: `${other.endpoint}${path}`, status: 308 };
  other.faults = () => ({ kind: 'status', status: 403 });
  await expect(askHub(hubFile(file), settingsFor(hub, folder, hub.token))).rejects.toThrow('but points to');
  const run = downloadFile(requestFor(file, folder), settingsFor(hub, folder, hub.token), options);
  await expect(run).rejects.toMatchObject({ kind: 'weights' });
  expect(other.requests.length).toBeGreaterThan(0);
  expect(other.requests.filter(({ headers }) => headers.authorization !== undefined)).toEqual([]);
});

it('keeps it on the way to a renamed repository of the same host', async () => {
  const file = addFile(hub, SIZE, { isGated: true });
  hub.faults = ({ path }) =>
    path.startsWith('/old/')
      ? { kind: 'redirect', location: path.replace('/old/', '/owner/'), status: 307 }
      : undefined;
  const facts = await askHub({ ...hubFile(file), repo: 'old/name' }, settingsFor(hub, folder, hub.token));
  expect(facts.commit).toBe(file.commit);
  expect(hub.requests.at(-1)!.headers.authorization).toBe(`Bearer ${hub.token}`);
});

it('names what to do when the token is missing or wrong', async () => {
  const file = addFile(hub, SIZE, { isGated: true });
  for (const token of [undefined, 'hf_wrong'])
    await expect(askHub(hubFile(file), settingsFor(hub, folder, token))).rejects.toMatchObject({
      message: expect.stringContaining(`"owner/name/${file.path}" at revision "main"`) as string,
      hint: `Accept it at ${hub.endpoint}/owner/name, then set HF_TOKEN to a token of that account`,
    });
});
