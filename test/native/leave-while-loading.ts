/** Starts to load a language model and no longer wants it, sooner and later, and has nothing else to do then. */
import { loadBackend } from '../../src/engine/local/runtime/backend.js';
import { loadModel } from '../../src/engine/local/loading/load-model.js';

const file = process.argv[2] ?? '';
const backend = await loadBackend({ device: 'cpu', threads: 1 });
let unwanted = 0;
for (let turns = 0; turns < 40; turns += 1) {
  const stop = new AbortController();
  const options = { signal: stop.signal, onProgress: () => undefined };
  const loading = loadModel(file, backend, { gpuLayers: 0, mapsModel: true }, options);
  loading.catch(() => undefined);
  for (let turn = 0; turn < turns; turn += 1) await new Promise(setImmediate);
  stop.abort();
  const model = await loading.catch(() => undefined);
  if (model === undefined) unwanted += 1;
  await model?.dispose();
}
await backend[Symbol.asyncDispose]();
process.stdout.write(String(unwanted));
