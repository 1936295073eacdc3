import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll } from 'vitest';
import { FakeHub } from './fake-hub.js';
import { projectFile } from './run-llava.js';

const COMMIT = 'c'.repeat(40);
const REPO = 'someone/Shapes-GGUF';

export interface ShapesHub {
  readonly hub: FakeHub;
  /** The environment of a machine that has nothing yet and knows the model `shapes`, or `s`; the hub is well again. */
  readonly machine: () => Record<string, string>;
}

/** A hub that has the demo model as `shapes`: one file pinned and published with its hash, the other neither. */
export async function shapesHub(folder: string): Promise<ShapesHub> {
  const hub = await FakeHub.start();
  afterAll(() => hub[Symbol.asyncDispose]());
  const files = { model: putOn(hub, 'model.gguf', true), mmproj: putOn(hub, 'mmproj.gguf', false) };
  const shapes = {
    about: 'The demo, from a hub',
    aliases: ['s'],
    licence: { name: 'MIT', url: 'https://example.org/licence' },
    contextTokens: 2048,
    memoryMiB: 40,
    files,
  };
  const catalogue = join(folder, 'catalogue.json');
  writeFileSync(catalogue, JSON.stringify({ models: { shapes } }));
  let machines = 0;
  const machine = () => {
    const home = join(folder, `machine-${machines++}`);
    mkdirSync(home);
    hub.requests.length = 0;
    hub.faults = () => undefined;
    return {
      LLAVA_CATALOGUE: catalogue,
      LLAVA_MODEL: 'shapes',
      HF_ENDPOINT: hub.endpoint,
      HF_HOME: join(home, 'hf'),
      XDG_DATA_HOME: join(home, 'data'),
    };
  };
  return { hub, machine };
}

function putOn(hub: FakeHub, path: string, isPublished: boolean): object {
  const bytes = readFileSync(projectFile(`models/demo/${path}`));
  hub.add({ repo: REPO, path, commit: COMMIT, bytes });
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  const published = isPublished ? { bytes: bytes.length, sha256 } : { roughBytes: bytes.length };
  return { repo: REPO, revision: isPublished ? COMMIT : 'main', path, ...published };
}
