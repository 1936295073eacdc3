import { copyFile, truncate } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { execaNode } from 'execa';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { loadBackend, type Backend } from '../../src/engine/local/runtime/backend.js';
import { openLlamaEngine } from '../../src/engine/local/llama-engine.js';
import { createContext, loadModel } from '../../src/engine/local/loading/load-model.js';
import { projectFile } from '../helpers/run-llava.js';
import { temporaryFolder } from '../helpers/temporary-folder.js';

const demo = { model: projectFile('models/demo/model.gguf'), mmproj: projectFile('models/demo/mmproj.gguf') };
const context = { contextSize: 512, sequences: 1, kvType: 'f16', gpuLayers: 0 } as const;

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

/** Collects what a failed load has left, which takes a few turns of the event loop. */
async function forgetWhatFailed(): Promise<void> {
  for (let turn = 0; turn < 3; turn += 1) {
    await new Promise(setImmediate);
    collectGarbage();
  }
}

/** A copy of one of the demo's files that ends too early. */
async function truncatedCopy(file: string): Promise<string> {
  const copy = path.join(temporaryFolder(), path.basename(file));
  await copyFile(file, copy);
  await truncate(copy, 1e6);
  return copy;
}

describe('what failed to load, once collected, does not keep llama.cpp from its end:', () => {
  let backend: Backend;

  beforeEach(async () => {
    backend = await loadBackend({ device: 'cpu', threads: 1 });
  });

  afterEach(async () => {
    await forgetWhatFailed();
    await backend[Symbol.asyncDispose]();
    expect(backend.llama.disposed).toBe(true);
  }, 10_000);

  it('a model that ends too early', async () => {
    const model = await truncatedCopy(demo.model);
    const loading = loadModel(model, backend, { gpuLayers: 0, mapsModel: false }, {});
    await expect(loading).rejects.toMatchObject({ kind: 'engine' });
  });

  // Nothing says whether it hears of that while it reads or when it has read all.
  it('a model that somebody no longer wants', async () => {
    const stop = new AbortController();
    const placement = { gpuLayers: 0, mapsModel: false };
    const loading = loadModel(demo.model, backend, placement, { signal: stop.signal });
    stop.abort(new Error('not wanted'));
    await expect(loading).rejects.toThrow('not wanted');
  });

  it('a context with more sequences than llama.cpp allows', async () => {
    const model = await loadModel(demo.model, backend, { gpuLayers: 0, mapsModel: true }, {});
    const making = createContext(model, backend, { ...context, sequences: 300 }, {});
    await expect(making).rejects.toMatchObject({ kind: 'engine' });
    await forgetWhatFailed();
    await model.dispose();
  });

  it('a model whose vision tower failed', async () => {
    const mmproj = await truncatedCopy(demo.mmproj);
    const opening = openLlamaEngine(
      { ...demo, mmproj },
      { backend: Promise.resolve(backend), contextSize: 512 },
    );
    await expect(opening).rejects.toMatchObject({ kind: 'weights' });
  });
});

it('loads that are aborted leave nothing that keeps the process alive', async () => {
  const script = fileURLToPath(new URL('leave-while-loading.ts', import.meta.url));
  const { stdout } = await execaNode(script, [demo.model], {
    nodeOptions: ['--import', 'tsx'],
    timeout: 20_000,
  });
  expect(Number(stdout)).toBeGreaterThan(0);
});
