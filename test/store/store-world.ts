import { createHash, randomUUID } from 'node:crypto';
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { afterEach } from 'vitest';
import type { HubFile } from '../../src/hub/hub-file.js';
import type { Model } from '../../src/weights/catalogue.js';
import type { HubSettings } from '../../src/hub/hub-settings.js';
import { FakeHub } from '../helpers/fake-hub.js';
import type { FakeFile } from '../helpers/hub-faults.js';
import { writeRandomPair } from '../reference/random-pair.js';

export const REPO = 'someone/Llava-Test';
export const COMMIT = '1'.repeat(40);
export const NEWER = '2'.repeat(40);
export const MODEL_PATH = 'model-Q4.gguf';
export const MMPROJ_PATH = 'projectors/mmproj.gguf';

/** A hub with one pair, and a machine that knows nothing yet. */
export interface StoreWorld {
  readonly hub: FakeHub;
  readonly settings: HubSettings;
  readonly model: Buffer;
  readonly mmproj: Buffer;
}

export const sha256Of = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex');

const open: FakeHub[] = [];
afterEach(async () => {
  for (const hub of open.splice(0)) await hub[Symbol.asyncDispose]();
});

/** Everything of it lies under `folder`; each call is another machine. */
export async function storeWorld(folder: string): Promise<StoreWorld> {
  const home = join(folder, randomUUID());
  const pair = writeRandomPair(join(folder, 'pair'), {
    textWidth: 32,
    textBlocks: 1,
    textHidden: 32,
    vocabularySize: 400,
    blocks: 2,
    visionWidth: 32,
    visionHidden: 64,
    projectorWidth: 32,
  });
  const model = readFileSync(pair.model);
  const mmproj = readFileSync(pair.mmproj);
  const hub = await FakeHub.start();
  hub.add(onHub(MODEL_PATH, model));
  hub.add(onHub(MMPROJ_PATH, mmproj));
  open.push(hub);
  const settings: HubSettings = {
    endpoint: hub.endpoint,
    token: undefined,
    cacheFolder: join(home, 'hub'),
    stateFolder: join(home, 'state'),
    offline: false,
  };
  return { hub, settings, model, mmproj };
}

export function onHub(path: string, bytes: Buffer, commit = COMMIT): FakeFile {
  return { repo: REPO, commit, path, bytes };
}

interface Changes {
  name?: string;
  model?: Partial<HubFile>;
  mmproj?: Partial<HubFile>;
}

/** The pair as a catalogue has it at its best: pinned, with hashes and sizes. */
export function pinned({ model, mmproj }: StoreWorld, changes: Changes = {}): Model {
  return entry(
    changes.name ?? 'tiny',
    { revision: COMMIT, bytes: model.length, sha256: sha256Of(model), ...changes.model },
    { revision: COMMIT, bytes: mmproj.length, sha256: sha256Of(mmproj), ...changes.mmproj },
  );
}

/** The pair as a catalogue has it at its worst: a branch, and no hash. */
export function unpublished(name = 'tiny'): Model {
  return entry(name, { revision: 'main', roughBytes: 1000 }, { revision: 'main' });
}

function entry(
  name: string,
  model: Partial<HubFile> & { revision: string },
  mmproj: Partial<HubFile> & { revision: string },
): Model {
  return {
    name,
    about: 'random',
    aliases: [],
    licence: { name: 'MIT' },
    contextTokens: 2048,
    memoryMiB: 1,
    files: {
      model: { repo: REPO, path: MODEL_PATH, ...model },
      mmproj: { repo: REPO, path: MMPROJ_PATH, ...mmproj },
    },
  };
}

export function repoOf({ settings }: StoreWorld): string {
  return join(settings.cacheFolder, 'models--someone--Llava-Test');
}

/** Puts a file where Python and llama.cpp would: a blob and a link, or a real file where there are no links. */
export function putByOthers(
  world: StoreWorld,
  path: string,
  bytes: Buffer,
  { commit = COMMIT, ref, isReal = false }: { commit?: string; ref?: string; isReal?: boolean } = {},
): void {
  const snapshot = join(repoOf(world), 'snapshots', commit, path);
  const blob = join(repoOf(world), 'blobs', sha256Of(bytes));
  mkdirSync(dirname(snapshot), { recursive: true });
  mkdirSync(dirname(blob), { recursive: true });
  writeFileSync(isReal ? snapshot : blob, bytes);
  if (!isReal) symlinkSync(relative(dirname(snapshot), blob), snapshot);
  if (ref === undefined) return;
  mkdirSync(join(repoOf(world), 'refs'), { recursive: true });
  writeFileSync(join(repoOf(world), 'refs', ref), commit);
}
