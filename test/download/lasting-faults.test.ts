import { existsSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { downloadFile } from '../../src/hub/transfer/download.js';
import { FakeHub } from '../helpers/fake-hub.js';
import type { Fault, FaultScript } from '../helpers/hub-faults.js';
import { temporaryFolder } from '../helpers/temporary-folder.js';
import { addFile, QUICK_PACE, requestFor, settingsFor } from './fixture.js';

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

/** The fault at every GET of bytes. */
function always(fault: Fault): FaultScript {
  return ({ server, method }) => (server === 'cdn' && method === 'GET' ? fault : undefined);
}

describe('faults that stay', () => {
  const faults: Record<string, [FaultScript, RegExp]> = {
    'wrong bytes': [always({ kind: 'wrong-bytes', at: 5 }), /arrived twice with the SHA-256/],
    'ranges from elsewhere': [always({ kind: 'wrong-range', shift: 7 }), /where byte 0 on was asked for/],
    'another length': [always({ kind: 'wrong-total', by: 9 }), /has a file of 3000010 bytes, not 3000001/],
    '503': [always({ kind: 'status', status: 503 }), /could not be downloaded: .*answered 503/],
    '416': [always({ kind: 'status', status: 416 }), /answered 416/],
    'cut connections': [always({ kind: 'cut', after: 0 }), /was cut/],
    'a wait of an hour': [
      always({ kind: 'status', status: 429, headers: { 'retry-after': '3600' } }),
      /asks for fewer requests \(429\)/,
    ],
    'a redirect loop of the hub': [
      ({ server, path }) => (server === 'hub' ? { kind: 'redirect', location: path } : undefined),
      /is redirected endlessly/,
    ],
    'a redirect loop of the other host': [
      ({ server, path }) => (server === 'cdn' ? { kind: 'redirect', location: path } : undefined),
      /is redirected endlessly/,
    ],
    'a redirect to a file on this machine': [
      ({ server }) => (server === 'hub' ? { kind: 'redirect', location: 'file:///etc/hosts' } : undefined),
      /redirects to "file:/,
    ],
  };

  it.each(Object.entries(faults))('%s', async (_name, [script, message]) => {
    const request = requestFor(addFile(hub, SIZE), folder);
    hub.faults = script;
    const run = downloadFile(request, settingsFor(hub, folder), { pace: QUICK_PACE });
    await expect(run).rejects.toMatchObject({
      kind: 'weights',
      message: expect.stringMatching(message) as string,
    });
    expect(existsSync(request.target)).toBe(false);
    expect(existsSync(`${request.target}.lock`)).toBe(false);
  });

  it('a file of another size than announced', async () => {
    const file = addFile(hub, SIZE);
    const run = downloadFile({ ...requestFor(file, folder), bytes: SIZE + 1 }, settingsFor(hub, folder));
    await expect(run).rejects.toThrow('is 3000001 bytes at the hub, not 3000002');
  });

  it('a disk that is too small', async () => {
    const request = { ...requestFor(addFile(hub, SIZE), folder), bytes: 2 ** 50 };
    const run = downloadFile(request, settingsFor(hub, folder));
    await expect(run).rejects.toThrow(/The rest is 1125899907 MB, but the disk of ".*" has only \d+ MB free/);
    expect(hub.sentOf(request.file.path)).toBe(0);
  });

  it('a folder that nobody may write to', async () => {
    const file = addFile(hub, SIZE);
    writeFileSync(`${folder}/no-folder`, '');
    const run = downloadFile(requestFor(file, `${folder}/no-folder`), settingsFor(hub, folder));
    await expect(run).rejects.toMatchObject({ kind: 'weights' });
  });

  it('HF_HUB_OFFLINE', async () => {
    const file = addFile(hub, SIZE);
    const run = downloadFile(requestFor(file, folder), { ...settingsFor(hub, folder), offline: true });
    await expect(run).rejects.toThrow('HF_HUB_OFFLINE is set');
    expect(hub.requests.filter((seen) => seen.file === file.path)).toEqual([]);
  });

  it('nothing at the endpoint', async () => {
    const file = addFile(hub, SIZE);
    const settings = { ...settingsFor(hub, folder), endpoint: 'http://127.0.0.1:1' };
    const run = downloadFile(requestFor(file, folder), settings, { pace: QUICK_PACE });
    await expect(run).rejects.toThrow('nothing is listening there');
  });
});
