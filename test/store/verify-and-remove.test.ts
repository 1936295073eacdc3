import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { findModel, readCatalogue } from '../../src/weights/catalogue.js';
import { inspectModel, pullModel, removeModel, verifyModel } from '../../src/weights/store/index.js';
import { readHubCache } from '../helpers/read-hub-cache.js';
import { temporaryFolder } from '../helpers/temporary-folder.js';
import {
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

describe('verifyModel', () => {
  test('finds one flipped byte, after which the file is not used until it is fetched anew', async () => {
    const world = await storeWorld(folder);
    const model = pinned(world);
    await pullModel(model, world.settings);
    expect((await verifyModel(model, world.settings)).map((file) => file.ok)).toEqual([true, true]);
    const blob = join(repoOf(world), 'blobs', sha256Of(world.model));
    const bad = Buffer.from(world.model);
    bad[Math.floor(bad.length / 2)]! ^= 1;
    writeFileSync(blob, bad);
    const [bitten, whole] = await verifyModel(model, world.settings);
    expect(bitten).toMatchObject({
      role: 'model',
      ok: false,
      expected: sha256Of(world.model),
      actual: sha256Of(bad),
    });
    expect(whole).toMatchObject({ role: 'mmproj', ok: true });
    expect((await inspectModel(model, world.settings)).files[0].state).toBe('missing');
    await pullModel(model, world.settings);
    expect(readFileSync(blob)).toEqual(world.model);
    expect((await verifyModel(model, world.settings)).every((file) => file.ok)).toBe(true);
  });

  test('says so when nothing is there, and hashes what comes with the tool', async () => {
    const world = await storeWorld(folder);
    await expect(verifyModel(pinned(world), world.settings)).rejects.toThrow('are not on this machine');
    const demo = await verifyModel(findModel('demo', readCatalogue()), world.settings);
    expect(demo.map(({ actual, path }) => actual === sha256Of(readFileSync(path)))).toEqual([true, true]);
  });
});

describe('removeModel', () => {
  test('leaves nothing behind', async () => {
    const world = await storeWorld(folder);
    const model = unpublished();
    await pullModel(model, world.settings);
    const removed = await removeModel(model, world.settings, [model]);
    expect(removed).toEqual({ freedBytes: world.model.length + world.mmproj.length, keptFor: [] });
    expect(readdirSync(world.settings.cacheFolder)).toEqual(['CACHEDIR.TAG']);
    expect((await inspectModel(model, world.settings)).state).toBe('missing');
  });

  test('lifts the lock', async () => {
    const world = await storeWorld(folder);
    const changed = Buffer.from(world.model);
    changed[changed.length - 1]! ^= 1;
    await pullModel(unpublished(), world.settings);
    world.hub.add(onHub(MODEL_PATH, changed));
    await removeModel(unpublished(), world.settings, []);
    const { files } = await pullModel(unpublished(), world.settings);
    expect(readFileSync(files[0].path!)).toEqual(changed);
  });

  test('keeps the projector for another model that is here, and the bytes for other snapshots', async () => {
    const world = await storeWorld(folder);
    world.hub.add(onHub('other.gguf', world.model));
    const one = pinned(world);
    const other = pinned(world, { name: 'other', model: { path: 'other.gguf' } });
    await pullModel(one, world.settings);
    await pullModel(other, world.settings);
    expect(await removeModel(one, world.settings, [one, other])).toEqual({
      freedBytes: 0,
      keptFor: [
        { role: 'model', path: MODEL_PATH, users: [`snapshot ${'1'.repeat(40)}`] },
        { role: 'mmproj', path: MMPROJ_PATH, users: ['other'] },
      ],
    });
    expect((await inspectModel(other, world.settings)).state).toBe('present');
    expect(readHubCache(world.settings.cacheFolder).complaints).toEqual([]);
    const { freedBytes } = await removeModel(other, world.settings, [one, other]);
    expect(freedBytes).toBe(world.model.length + world.mmproj.length);
  });

  test("leaves what another program's snapshot has", async () => {
    const world = await storeWorld(folder);
    putByOthers(world, MODEL_PATH, world.model, { commit: NEWER, ref: 'main' });
    await pullModel(pinned(world), world.settings);
    const { freedBytes, keptFor } = await removeModel(pinned(world), world.settings, []);
    expect(freedBytes).toBe(world.mmproj.length);
    expect(keptFor).toEqual([{ role: 'model', path: MODEL_PATH, users: [`snapshot ${NEWER}`] }]);
    expect(readHubCache(world.settings.cacheFolder)).toMatchObject({
      complaints: [],
      files: [{ commit: NEWER, path: MODEL_PATH }],
    });
  });

  test('removes started downloads', async () => {
    const world = await storeWorld(folder);
    await pullModel(pinned(world), world.settings);
    const blob = join(repoOf(world), 'blobs', sha256Of(world.model));
    writeFileSync(`${blob}.part`, 'x');
    writeFileSync(`${blob}.part.log`, 'x');
    await removeModel(pinned(world), world.settings, []);
    expect(existsSync(repoOf(world))).toBe(false);
  });

  test('refuses the demo', async () => {
    const { settings } = await storeWorld(folder);
    await expect(removeModel(findModel('demo', readCatalogue()), settings)).rejects.toThrow(
      'comes with llava',
    );
  });
});
