import { execa } from 'execa';
import { mkdirSync, readFileSync, renameSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { hashAndRemember, recallHash } from '../../src/hub/cache/known-hashes.js';
import { inspectModel, pullModel } from '../../src/weights/store/index.js';
import { updateStateFile } from '../../src/hub/state-file.js';
import { readHubCache } from '../helpers/read-hub-cache.js';
import { projectFile } from '../helpers/run-llava.js';
import { temporaryFolder } from '../helpers/temporary-folder.js';
import { pinned, sha256Of, storeWorld, unpublished } from './store-world.js';

const folder = temporaryFolder();
const TSX = projectFile('node_modules/tsx/dist/cli.mjs');

describe('remembered hashes', () => {
  test('hold for the very file, and for no other', async () => {
    const { settings } = await storeWorld(folder);
    const path = join(folder, 'remembered');
    writeFileSync(path, 'one');
    expect(await recallHash(path, settings)).toBeUndefined();
    expect(await hashAndRemember(path, settings, { label: 'x' })).toBe(sha256Of(Buffer.from('one')));
    expect(await recallHash(path, settings)).toBe(sha256Of(Buffer.from('one')));
    const { atime, mtime } = statSync(path);
    writeFileSync(path, 'two!');
    utimesSync(path, atime, mtime);
    expect(await recallHash(path, settings)).toBeUndefined();
    await hashAndRemember(path, settings, { label: 'x' });
    writeFileSync(path, 'new!');
    expect(await recallHash(path, settings)).toBeUndefined();
    await hashAndRemember(path, settings, { label: 'x' });
    // Another file of the same size and time, as copying programs that keep times leave it.
    utimesSync(path, 1000, 1000);
    await hashAndRemember(path, settings, { label: 'x' });
    writeFileSync(`${path}.other`, 'old!');
    utimesSync(`${path}.other`, 1000, 1000);
    renameSync(`${path}.other`, path);
    expect(await recallHash(path, settings)).toBeUndefined();
  });

  test.each(['', '{"version":1,"fi', '[]', '{"version":1,"files":{"x":5}}'])(
    'count as none when damaged: %j',
    async (text) => {
      const world = await storeWorld(folder);
      await pullModel(pinned(world), world.settings);
      writeFileSync(join(world.settings.stateFolder, 'known-hashes.json'), text);
      const phases = new Set<string>();
      await pullModel(pinned(world), world.settings, { onProgress: ({ phase }) => phases.add(phase) });
      expect([...phases]).toEqual(['verifying']);
      const { files } = JSON.parse(
        readFileSync(join(world.settings.stateFolder, 'known-hashes.json'), 'utf8'),
      ) as { files: object };
      expect(Object.keys(files)).toHaveLength(2);
    },
  );

  test('are no need where the folder cannot be written', async () => {
    const world = await storeWorld(folder);
    writeFileSync(join(folder, 'file'), '');
    const stored = await pullModel(pinned(world), {
      ...world.settings,
      stateFolder: join(folder, 'file', 'state'),
    });
    expect(stored.state).toBe('present');
  });
});

describe('locked hashes', () => {
  test.each(['', '{"version":1,"fi', '{}'])('are not forgotten silently when damaged: %j', async (text) => {
    const world = await storeWorld(folder);
    mkdirSync(world.settings.stateFolder, { recursive: true });
    writeFileSync(join(world.settings.stateFolder, 'weights.lock.json'), text);
    await expect(pullModel(unpublished(), world.settings)).rejects.toThrow(/weights\.lock\.json" is damaged/);
    expect((await inspectModel(pinned(world), world.settings)).state).toBe('missing');
  });
});

describe('several at once', () => {
  test('no entry of a state file is lost', async () => {
    const path = join(folder, 'counted', 'state.json');
    await Promise.all(
      Array.from({ length: 20 }, async (_, i) => {
        await updateStateFile(path, (content) => ({ ...(content as object | undefined), [i]: true }));
      }),
    );
    expect(Object.keys(JSON.parse(readFileSync(path, 'utf8')) as object)).toHaveLength(20);
  });

  test('two processes that pull the same model both get it, and the bytes come once', async () => {
    const world = await storeWorld(folder);
    world.hub.faults = ({ method }) => (method === 'GET' ? { kind: 'late', ms: 200 } : undefined);
    const run = () =>
      execa(process.execPath, [TSX, projectFile('test/store/pull-in-child.ts')], {
        input: JSON.stringify({ model: unpublished(), settings: world.settings }),
      });
    const [one, other] = await Promise.all([run(), run()]);
    expect([one.stdout, other.stdout]).toEqual(['present', 'present']);
    const { files, complaints } = readHubCache(world.settings.cacheFolder);
    expect(complaints).toEqual([]);
    expect(files.map((file) => file.sha256).sort()).toEqual([world.model, world.mmproj].map(sha256Of).sort());
    const phases = new Set<string>();
    await pullModel(unpublished(), world.settings, { onProgress: ({ phase }) => phases.add(phase) });
    expect([...phases]).toEqual([]);
  });
});
