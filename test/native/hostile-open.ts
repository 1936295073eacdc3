/**
 * Opens damaged files with the tool, one after another, in a process of its own, so that a crash is seen from
 * outside. Takes a JSON job as its only argument; prints `ready`, then one JSON line after each file.
 */
import { loadBackend, type Backend } from '../../src/engine/local/runtime/backend.js';
import { VisionTower } from '../../src/engine/local/loading/vision-tower.js';
import { ExpectedError } from '../../src/llava/expected-error.js';
import { checkPair } from '../../src/weights/check/check-pair.js';

export interface HostileJob {
  readonly damaged: 'model' | 'mmproj';
  /** The other file of the pair, whole. */
  readonly other: string;
  readonly files: readonly string[];
}

export interface HostileResult {
  /** Of the check of the headers, then of loading and using what passed; `failed` is what no user should see. */
  readonly outcome: 'used' | 'refused' | 'failed';
  readonly message: string;
}

const { damaged, other, files } = JSON.parse(process.argv[2] ?? '') as HostileJob;
const backend = await loadBackend({ device: 'cpu', threads: 1 });
process.stdout.write('ready\n');
for (const file of files) {
  const result = damaged === 'model' ? await tryModel(file) : await tryTower(file);
  process.stdout.write(`${JSON.stringify(result)}\n`);
}
await backend[Symbol.asyncDispose]();

/** The tower must stand alone: it is opened whatever the check says. */
async function tryTower(file: string): Promise<HostileResult> {
  const checked = await outcomeOf(() => checkPair(other, file));
  const opened = await outcomeOf(() => openTower(file, backend));
  return checked.outcome === 'failed' ? checked : opened;
}

/** llama.cpp trusts its files more than we do: it is given what passes the check. */
async function tryModel(file: string): Promise<HostileResult> {
  const checked = await outcomeOf(() => checkPair(file, other));
  return checked.outcome === 'used' ? outcomeOf(() => openModel(file, backend)) : checked;
}

async function outcomeOf(attempt: () => Promise<unknown>): Promise<HostileResult> {
  try {
    await attempt();
    return { outcome: 'used', message: '' };
  } catch (error) {
    const outcome = error instanceof ExpectedError ? 'refused' : 'failed';
    return { outcome, message: error instanceof Error ? error.message : String(error) };
  }
}

async function openTower(file: string, backend: Backend): Promise<void> {
  await using tower = await VisionTower.open(file, backend);
  const size = tower.imageSize;
  await tower.encode({ size, rgb: new Uint8Array(size * size * 3) });
}

/** As the engine does, which would start a backend of its own for each file: that takes longer than all the rest. */
async function openModel(file: string, { llama }: Backend): Promise<void> {
  await using model = await llama
    .loadModel({ modelPath: file, gpuLayers: 0, ignoreMemorySafetyChecks: true })
    .catch((error: unknown) => {
      throw new ExpectedError('engine', error instanceof Error ? error.message : String(error));
    });
  const context = await model.createContext({ contextSize: 256, threads: 1, ignoreMemorySafetyChecks: true });
  await context.getSequence().evaluateWithoutGeneratingNewTokens(model.tokenize('What is this?', false));
}
