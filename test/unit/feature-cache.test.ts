import { existsSync, mkdirSync, readdirSync, readFileSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { CacheFolder } from '../../src/engine/local/caches/cache-folder.js';
import { FeatureCache, featureKey } from '../../src/engine/local/caches/feature-cache.js';
import { temporaryFolder } from '../helpers/temporary-folder.js';
import { Seeded } from '../reference/seeded.js';

const folder = temporaryFolder();
let caches = 0;
const fresh = () => join(folder, `cache-${caches++}`);
const features = (seed: number) => {
  const random = new Seeded(seed);
  const floats = (length: number) => Float32Array.from({ length }, () => random.next() - 0.5);
  return { tokens: 4, width: 8, values: floats(32), attention: floats(4) };
};
const key = (picture: number) => featureKey(Uint8Array.of(picture), { hash: 'tower', device: 'cpu' });
const filesOf = (path: string) => readdirSync(path).sort();

describe('FeatureCache', () => {
  it('gives back the very same values, also to another process’ cache', async () => {
    const path = fresh();
    const cache = new FeatureCache(new CacheFolder(path, 1e6));
    expect(await cache.read(key(1))).toBeUndefined();
    await cache.write(key(1), features(1));
    expect(await new FeatureCache(new CacheFolder(path, 1e6)).read(key(1))).toEqual(features(1));
    await cache.read(key(1));
    expect(cache).toMatchObject({ hits: 1, misses: 1 });
  });

  it('tells pictures, towers and devices apart', () => {
    const keys = [
      key(1),
      key(2),
      featureKey(Uint8Array.of(1), { hash: 'other', device: 'cpu' }),
      featureKey(Uint8Array.of(1), { hash: 'tower', device: 'cuda' }),
    ];
    expect(new Set(keys).size).toBe(4);
  });

  it('takes entries that are damaged anywhere for missing', async () => {
    const path = fresh();
    const cache = new FeatureCache(new CacheFolder(path, 1e6));
    await cache.write(key(1), features(1));
    const [name] = filesOf(path) as [string];
    const good = readFileSync(join(path, name));
    for (let byte = 0; byte < good.length; byte++) {
      const bad = Buffer.from(good);
      bad[byte]! ^= 1;
      writeFileSync(join(path, name), bad);
      expect(await cache.read(key(1))).toBeUndefined();
    }
    for (const length of [0, 1, 31, 32, 47, 48, good.length - 1]) {
      writeFileSync(join(path, name), good.subarray(0, length));
      expect(await cache.read(key(1))).toBeUndefined();
    }
    await cache.write(key(1), features(1));
    expect(await cache.read(key(1))).toEqual(features(1));
  });

  it('keeps to its size, and lets go of what was unused for longest', async () => {
    const path = fresh();
    const bytes = 48 + 36 * 4;
    const cache = new FeatureCache(new CacheFolder(path, 3 * bytes));
    for (const picture of [1, 2, 3]) {
      await cache.write(key(picture), features(picture));
      utimesSync(join(path, `${key(picture)}.features`), picture, picture);
    }
    // Used, and so the youngest.
    await cache.read(key(1));
    await cache.write(key(4), features(4));
    const there = [1, 2, 3, 4].filter((picture) => existsSync(join(path, `${key(picture)}.features`)));
    expect(there).toEqual([1, 3, 4]);
  });

  it('clears away what died half-written, but nobody’s work in progress', async () => {
    const path = fresh();
    mkdirSync(path);
    for (const name of ['old.part', 'new.part', 'stranger.txt']) writeFileSync(join(path, name), 'x');
    utimesSync(join(path, 'old.part'), 1, 1);
    await new FeatureCache(new CacheFolder(path, 1e6)).write(key(1), features(1));
    expect(filesOf(path)).toEqual([`${key(1)}.features`, 'new.part', 'stranger.txt'].sort());
  });

  it('says once that nothing can be kept, and goes on', async () => {
    const path = fresh();
    writeFileSync(path, 'a file, not a folder');
    const said: string[] = [];
    const cache = new FeatureCache(new CacheFolder(path, 1e6, (reason) => said.push(reason)));
    await cache.write(key(1), features(1));
    await cache.write(key(2), features(2));
    expect(await cache.read(key(1))).toBeUndefined();
    expect(said).toEqual([expect.stringContaining(`the cache folder "${path}"`)]);
  });

  it('is shared by many at once', async () => {
    const path = fresh();
    const many = Array.from({ length: 8 }, () => new FeatureCache(new CacheFolder(path, 4 * 192)));
    await Promise.all(
      many.map(async (cache, worker) => {
        for (let turn = 0; turn < 40; turn++) {
          const picture = (turn * 7 + worker) % 12;
          const kept = await cache.read(key(picture));
          if (kept !== undefined) expect(kept).toEqual(features(picture));
          else await cache.write(key(picture), features(picture));
        }
      }),
    );
    expect(filesOf(path).every((name) => name.endsWith('.features'))).toBe(true);
    expect(filesOf(path).length).toBeLessThanOrEqual(4);
  });
});
