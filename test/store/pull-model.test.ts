import { readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { ExpectedError } from '../../src/llava/expected-error.js';
import { inspectModel, pullModel } from '../../src/weights/store/index.js';
import { readHubCache } from '../helpers/read-hub-cache.js';
import { temporaryFolder } from '../helpers/temporary-folder.js';
import {
  COMMIT,
  MMPROJ_PATH,
  MODEL_PATH,
  NEWER,
  onHub,
  pinned,
  putByOthers,
  repoOf,
  sha256Of,
  storeWorld,
  unpublished,
} from './store-world.js';

const folder = temporaryFolder();

async function failure(work: Promise<unknown>): Promise<ExpectedError> {
  const error = await work.catch((caught: unknown) => caught);
  expect(error).toBeInstanceOf(ExpectedError);
  return error as ExpectedError;
}

describe('pullModel', () => {
  test('fetches both files into the layout that everyone shares', async () => {
    const world = await storeWorld(folder);
    const model = pinned(world);
    expect((await inspectModel(model, world.settings)).state).toBe('missing');
    const stored = await pullModel(model, world.settings);
    expect(stored.state).toBe('present');
    expect(readFileSync(stored.files[0].path!)).toEqual(world.model);
    const { files, complaints } = readHubCache(world.settings.cacheFolder);
    expect(complaints).toEqual([]);
    expect(files).toEqual([
      expect.objectContaining({
        path: MODEL_PATH,
        commit: COMMIT,
        sha256: sha256Of(world.model),
        isLink: true,
      }),
      expect.objectContaining({
        path: MMPROJ_PATH,
        commit: COMMIT,
        sha256: sha256Of(world.mmproj),
        isLink: true,
      }),
    ]);
    expect(readFileSync(join(world.settings.cacheFolder, 'CACHEDIR.TAG'), 'utf8')).toMatch(
      /^Signature: 8a47/,
    );
  });

  test('asks nothing and hashes nothing when all is there', async () => {
    const world = await storeWorld(folder);
    for (const model of [pinned(world), unpublished()]) {
      await pullModel(model, world.settings);
      const asked = world.hub.requests.length;
      const phases: string[] = [];
      const started = performance.now();
      await pullModel(model, world.settings, { onProgress: ({ phase }) => phases.push(phase) });
      expect(performance.now() - started).toBeLessThan(300);
      expect(phases).toEqual([]);
      expect(world.hub.requests).toHaveLength(asked);
    }
  });

  test('writes the branch and locks the commit, where the catalogue knows neither commit nor hash', async () => {
    const world = await storeWorld(folder);
    await pullModel(unpublished(), world.settings);
    expect(readHubCache(world.settings.cacheFolder)).toMatchObject({
      complaints: [],
      refs: new Map([['someone/Llava-Test@main', COMMIT]]),
    });
    const { files } = JSON.parse(
      readFileSync(join(world.settings.stateFolder, 'weights.lock.json'), 'utf8'),
    ) as { files: object };
    expect(files).toMatchObject({
      [`someone/Llava-Test@main/${MODEL_PATH}`]: { commit: COMMIT, sha256: sha256Of(world.model) },
    });
  });

  test('refuses a hash that is not the locked one', async () => {
    const world = await storeWorld(folder);
    await pullModel(unpublished(), world.settings);
    rmSync(world.settings.cacheFolder, { recursive: true });
    world.hub.add(onHub(MODEL_PATH, Buffer.from('another')));
    const { message, hint } = await failure(pullModel(unpublished(), world.settings));
    expect(message).toContain('has changed on the hub since');
    expect(hint).toContain('llava models rm tiny');
  });

  test('keeps to the locked commit when the branch goes on', async () => {
    const world = await storeWorld(folder);
    await pullModel(unpublished(), world.settings);
    rmSync(world.settings.cacheFolder, { recursive: true });
    world.hub.add(onHub(MODEL_PATH, Buffer.from('newer'), NEWER));
    await pullModel(unpublished(), world.settings);
    expect(readHubCache(world.settings.cacheFolder).files.map((file) => file.commit)).toEqual([
      COMMIT,
      COMMIT,
    ]);
  });

  test.each([
    ['hash', { sha256: 'a'.repeat(64) }, /has the SHA-256 .* on the hub, not the published a{64}/],
    ['size', { bytes: 5 }, /bytes on the hub, not the published 5/],
  ])('refuses another %s than the published one before a byte is fetched', async (_, model, message) => {
    const world = await storeWorld(folder);
    expect((await failure(pullModel(pinned(world, { model }), world.settings))).message).toMatch(message);
    expect(world.hub.requests.filter((request) => request.method === 'GET')).toEqual([]);
  });

  test('names the catalogue when the right bytes are no pair', async () => {
    const world = await storeWorld(folder);
    const { model } = world;
    world.hub.add(onHub(MMPROJ_PATH, model));
    const wrong = pinned({ ...world, mmproj: model }, { name: 'wrong' });
    const { message } = await failure(pullModel(wrong, world.settings));
    expect(message).toMatch(
      /^"wrong" of the catalogue cannot be used: .*is a language model, not a projector/,
    );
  });

  test('fetches a damaged blob anew, and the other file not at all', async () => {
    const world = await storeWorld(folder);
    const model = pinned(world);
    const bad = Buffer.from(world.model);
    bad[bad.length - 1]! ^= 1;
    putByOthers(world, MMPROJ_PATH, world.mmproj);
    putByOthers(world, MODEL_PATH, world.model);
    writeFileSync(join(repoOf(world), 'blobs', sha256Of(world.model)), bad);
    await pullModel(model, world.settings);
    const { files, complaints } = readHubCache(world.settings.cacheFolder);
    expect(complaints).toEqual([]);
    expect(files.map((file) => file.sha256)).toContain(sha256Of(world.model));
    expect(world.hub.requests.filter((request) => request.file === MMPROJ_PATH)).toEqual([]);
  });

  test('says offline what is missing', async () => {
    const world = await storeWorld(folder);
    const { message, hint } = await failure(pullModel(pinned(world), { ...world.settings, offline: true }));
    expect(message).toContain('HF_HUB_OFFLINE is set');
    expect(hint).toContain('llava pull tiny');
    expect(world.hub.requests).toEqual([]);
  });
});

describe('pullModel without links', () => {
  test('puts real files into the snapshot, and finds them again', async () => {
    const world = await storeWorld(folder);
    const settings = { ...world.settings, withoutSymlinks: true };
    await pullModel(pinned(world), settings);
    const asked = world.hub.requests.length;
    await pullModel(pinned(world), settings, {
      onProgress: () => {
        throw new Error('hashed again');
      },
    });
    expect(world.hub.requests).toHaveLength(asked);
    const { files, complaints } = readHubCache(settings.cacheFolder);
    expect(complaints).toEqual([]);
    expect(files.map(({ isLink }) => isLink)).toEqual([false, false]);
  });

  test("copies a blob that another snapshot's link needs", async () => {
    const world = await storeWorld(folder);
    putByOthers(world, MODEL_PATH, world.model, { commit: NEWER });
    putByOthers(world, MMPROJ_PATH, world.mmproj, { commit: NEWER });
    await pullModel(pinned(world), { ...world.settings, withoutSymlinks: true });
    expect(world.hub.requests).toEqual([]);
    const { files, complaints } = readHubCache(world.settings.cacheFolder);
    expect(complaints).toEqual([]);
    expect(files.filter(({ isLink }) => isLink).map(({ commit }) => commit)).toEqual([NEWER, NEWER]);
    expect(files.filter(({ isLink }) => !isLink).map(({ commit }) => commit)).toEqual([COMMIT, COMMIT]);
  });
});

describe('files that others put there', () => {
  test.each([
    ['linked at the commit', {}],
    ['real at the commit', { isReal: true }],
    ['linked at another commit', { commit: NEWER, ref: 'main' }],
    ['real at another commit', { commit: NEWER, isReal: true }],
  ])('%s are used without a request', async (_, how) => {
    const world = await storeWorld(folder);
    putByOthers(world, MODEL_PATH, world.model, how);
    putByOthers(world, MMPROJ_PATH, world.mmproj, how);
    const stored = await pullModel(pinned(world), world.settings);
    expect(world.hub.requests).toEqual([]);
    expect(readFileSync(stored.files[1].path!)).toEqual(world.mmproj);
    expect(readHubCache(world.settings.cacheFolder).complaints).toEqual([]);
    expect((await inspectModel(pinned(world), world.settings)).state).toBe('present');
  });

  test('of a branch without a published hash cost one question each', async () => {
    const world = await storeWorld(folder);
    putByOthers(world, MODEL_PATH, world.model, { ref: 'main' });
    putByOthers(world, MMPROJ_PATH, world.mmproj);
    expect((await inspectModel(unpublished(), world.settings)).state).toBe('present');
    await pullModel(unpublished(), world.settings);
    expect(world.hub.requests.map((request) => request.method)).toEqual(['HEAD', 'HEAD']);
    await pullModel(unpublished(), world.settings);
    expect(world.hub.requests).toHaveLength(2);
  });

  test('of a branch are taken offline by the name of their blob', async () => {
    const world = await storeWorld(folder);
    putByOthers(world, MODEL_PATH, world.model, { ref: 'main' });
    putByOthers(world, MMPROJ_PATH, world.mmproj);
    const stored = await pullModel(unpublished(), { ...world.settings, offline: true });
    expect(stored.state).toBe('present');
  });

  test('of another commit are not taken for the wanted one before they are hashed', async () => {
    const world = await storeWorld(folder);
    const newer = Buffer.from(world.model);
    newer[newer.length - 1]! ^= 1;
    putByOthers(world, MODEL_PATH, newer, { commit: NEWER, isReal: true });
    expect((await inspectModel(pinned(world), world.settings)).state).toBe('missing');
    const stored = await pullModel(pinned(world), world.settings);
    expect(readFileSync(stored.files[0].path!)).toEqual(world.model);
  });

  test('are not there when their link leads nowhere', async () => {
    const world = await storeWorld(folder);
    putByOthers(world, MODEL_PATH, world.model);
    rmSync(join(repoOf(world), 'blobs', sha256Of(world.model)));
    expect((await inspectModel(pinned(world), world.settings)).state).toBe('missing');
    const stored = await pullModel(pinned(world), world.settings);
    expect(statSync(stored.files[0].path!).size).toBe(world.model.length);
  });
});
