import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { prepareCheckpoint } from '../../src/checkpoints/source/fetch-checkpoint.js';
import { readHubName } from '../../src/checkpoints/source/hub-name.js';
import { neededFiles } from '../../src/checkpoints/source/needed-files.js';
import type { HubSettings } from '../../src/hub/hub-settings.js';
import { DEFAULT_PACE } from '../../src/hub/http/pace.js';
import { FakeHub } from '../helpers/fake-hub.js';
import { temporaryFolder } from '../helpers/temporary-folder.js';

const folder = temporaryFolder();
const hub = await FakeHub.start();
afterAll(async () => {
  await hub[Symbol.asyncDispose]();
});

const REPO = 'someone/llava-tuned';
const COMMIT = 'c'.repeat(40);
const SHARDS = ['model-00001-of-00002.safetensors', 'model-00002-of-00002.safetensors'];
const SMALL = [
  'config.json',
  'model.safetensors.index.json',
  'tokenizer_config.json',
  'README.md',
  'train.py',
];
const NEEDED = [
  ...SHARDS,
  'config.json',
  'model.safetensors.index.json',
  'tokenizer.model',
  'tokenizer_config.json',
];
const PACE = { ...DEFAULT_PACE, firstWaitMs: 5, longestWaitMs: 20, lockStaleMs: 2000, lockLookMs: 20 };

function bytesOf(name: string): Buffer {
  const seed = createHash('sha256').update(name).digest();
  return Buffer.alloc(SHARDS.includes(name) ? 300_000 : 900, seed);
}

for (const name of [...SHARDS, 'tokenizer.model', 'pytorch_model.bin', 'optimizer.pt'])
  hub.add({ repo: REPO, path: name, commit: COMMIT, bytes: bytesOf(name) });
for (const name of SMALL)
  hub.add({ repo: REPO, path: name, commit: COMMIT, bytes: bytesOf(name), isSmall: true });

function settingsOf(name: string, offline = false): HubSettings {
  return {
    endpoint: hub.endpoint,
    token: undefined,
    cacheFolder: join(folder, name, 'hub'),
    stateFolder: join(folder, name, 'state'),
    offline,
  };
}

const NAME = { repo: REPO, revision: 'main' };

describe('prepareCheckpoint', () => {
  it('downloads what a conversion reads, once', async () => {
    const settings = settingsOf('once');
    const download = await prepareCheckpoint(NAME, settings, { pace: PACE });
    expect(download).toMatchObject({ commit: COMMIT, bytes: 603_600, missingBytes: 603_600 });
    const seen = new Set<string>();
    await download.fetch({ onProgress: ({ file }) => void seen.add(file) });
    expect([...seen].sort()).toEqual([...NEEDED].sort());
    expect(readdirSync(download.folder).sort()).toEqual([...NEEDED].sort());
    for (const name of NEEDED)
      expect(readFileSync(join(download.folder, name)).equals(bytesOf(name))).toBe(true);
    const before = hub.requests.length;
    const again = await prepareCheckpoint(NAME, settings, { pace: PACE });
    expect(again.missingBytes).toBe(0);
    await again.fetch();
    expect(hub.requests.slice(before).map(({ path }) => path.split('/')[5])).toEqual(['revision', 'tree']);
    expect((await prepareCheckpoint(NAME, { ...settings, offline: true })).folder).toBe(download.folder);
  });

  it('goes on where a cut connection left it', async () => {
    const settings = settingsOf('cut');
    const sent = hub.sentOf(SHARDS[0]!);
    hub.faults = ({ server, file, before }) =>
      server === 'cdn' && file === SHARDS[0] && before < 2 ? { kind: 'cut', after: 100_000 } : undefined;
    const download = await prepareCheckpoint(NAME, settings, { pace: PACE });
    await download.fetch({ connections: 1 });
    hub.faults = () => undefined;
    expect(readFileSync(join(download.folder, SHARDS[0]!)).equals(bytesOf(SHARDS[0]!))).toBe(true);
    expect(hub.sentOf(SHARDS[0]!) - sent).toBeLessThan(2 * 300_000);
  });

  it('refuses a small file that is not what the hub lists', async () => {
    const settings = settingsOf('changed');
    hub.faults = ({ file, method }) =>
      file === 'config.json' && method === 'GET' ? { kind: 'wrong-bytes', at: 3 } : undefined;
    const download = await prepareCheckpoint(NAME, settings, { pace: PACE });
    await expect(download.fetch()).rejects.toThrow(
      /config\.json" arrived with other bytes than the hub lists/,
    );
    hub.faults = () => undefined;
    await download.fetch();
    expect(readFileSync(join(download.folder, 'config.json')).equals(bytesOf('config.json'))).toBe(true);
  });

  it('fetches a small file again that was changed here', async () => {
    const settings = settingsOf('edited');
    const download = await prepareCheckpoint(NAME, settings, { pace: PACE });
    await download.fetch();
    writeFileSync(join(download.folder, 'config.json'), Buffer.alloc(900, 'x'));
    const again = await prepareCheckpoint(NAME, settings, { pace: PACE });
    expect(again.missingBytes).toBe(900);
    await again.fetch();
    expect(readFileSync(join(download.folder, 'config.json')).equals(bytesOf('config.json'))).toBe(true);
  });

  it('tries again after an answer that may pass, and says what will not', async () => {
    hub.faults = ({ path, before }) =>
      path.includes('/api/') && before === 0 ? { kind: 'status', status: 503 } : undefined;
    const settings = settingsOf('failing');
    await expect(prepareCheckpoint(NAME, settings, { pace: PACE })).resolves.toMatchObject({
      commit: COMMIT,
    });
    hub.faults = () => undefined;
    await expect(prepareCheckpoint({ ...NAME, repo: 'no/one' }, settings, { pace: PACE })).rejects.toThrow(
      /The hub has no repository "no\/one" at revision "main"/,
    );
    hub.add({ repo: 'a/readme', path: 'README.md', commit: COMMIT, bytes: Buffer.from('#'), isSmall: true });
    await expect(prepareCheckpoint({ ...NAME, repo: 'a/readme' }, settings, { pace: PACE })).rejects.toThrow(
      /"a\/readme" holds no weights/,
    );
    await expect(prepareCheckpoint(NAME, settingsOf('empty', true))).rejects.toThrow(/HF_HUB_OFFLINE is set/);
  });
});

describe('neededFiles', () => {
  it.each([
    [['model.safetensors', 'pytorch_model.bin', 'tf_model.h5'], ['model.safetensors']],
    [
      ['model.safetensors', ...SHARDS, 'model.safetensors.index.json'],
      [...SHARDS, 'model.safetensors.index.json'],
    ],
    [
      ['pytorch_model-00001-of-00002.bin', 'pytorch_model.bin.index.json', 'mm_projector.bin'],
      ['pytorch_model-00001-of-00002.bin', 'pytorch_model.bin.index.json'],
    ],
    [
      ['adapter_model.bin', 'adapter_config.json', 'non_lora_trainables.bin', 'trainer_state.json'],
      ['adapter_model.bin', 'adapter_config.json', 'non_lora_trainables.bin'],
    ],
    [
      ['mm_projector.bin', 'config.json'],
      ['mm_projector.bin', 'config.json'],
    ],
  ])('of %j are %j', (names, needed) => {
    expect([...neededFiles(names)].sort()).toEqual([...needed].sort());
  });
});

describe('readHubName', () => {
  it.each([
    ['llava-hf/llava-1.5-7b-hf', { repo: 'llava-hf/llava-1.5-7b-hf', revision: 'main' }],
    ['a/b@v1.0', { repo: 'a/b', revision: 'v1.0' }],
    ['a', undefined],
    ['a/b/c', undefined],
    ['../b', undefined],
    ['a/..', undefined],
    ['a/b@', undefined],
    ['a/b@..', undefined],
    ['/a/b', undefined],
  ])('%j is %j', (text, name) => {
    expect(readHubName(text)).toEqual(name);
  });
});
