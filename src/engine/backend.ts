import { stat } from 'node:fs/promises';
import { debuglog } from 'node:util';
import type { Llama, LlamaLogLevel } from 'node-llama-cpp';
import { ExpectedError } from '../llava/expected-error.js';
import { loadCpuLlama } from './cpu-llama.js';
import type { WeightFiles } from './engine.js';
import { attachNativeAddon, type NativeAddon } from './native-addon.js';
import { checkNodeLlamaCppVersion } from './release.js';

/** llama.cpp with its devices, loaded into this process, and our addon attached to it. */
export interface Backend extends AsyncDisposable {
  readonly llama: Llama;
  readonly addon: NativeAddon;
  /** Name of the ggml device that takes the work; null is the CPU. */
  readonly device: string | null;
  readonly threads: number;
}

/** llama.cpp's own messages: shown with NODE_DEBUG=llava. */
const debug = debuglog('llava');

/**
 * Language models below this size are computed faster by one thread of the CPU than a GPU takes to start, or
 * two threads to meet; above all on busy machines.
 */
const SMALL_MODEL_BYTES = 64e6;

/**
 * Loads the shipped llama.cpp; nothing is downloaded or compiled.
 * @param options.gpu `auto`: the best backend this machine has
 * @param options.threads default: the physical cores, since more of them only get in each other's way
 * @throws ExpectedError('engine') when no binary fits this machine or the addon is not built
 */
export async function loadBackend(options: { gpu: 'auto' | false; threads?: number }): Promise<Backend> {
  checkNodeLlamaCppVersion();
  const llama = await loadLlama(options.gpu);
  try {
    llama.maxThreads = options.threads ?? llama.cpuMathCores;
    const addon = attachNativeAddon();
    const gpu = llama.gpu === false ? undefined : addon.listDevices().find(({ type }) => type !== 'cpu');
    return {
      llama,
      addon,
      device: gpu?.name ?? null,
      threads: llama.maxThreads,
      [Symbol.asyncDispose]: () => llama.dispose(),
    };
  } catch (error) {
    await llama.dispose();
    throw error;
  }
}

/** Loads the backend that suits these weights. A file that is missing is the business of those who open it. */
export async function loadBackendFor({ model }: WeightFiles, threads?: number): Promise<Backend> {
  const size = await stat(model).then(
    (stats) => stats.size,
    () => 0,
  );
  if (size < SMALL_MODEL_BYTES) return await loadBackend({ gpu: false, threads: threads ?? 1 });
  return await loadBackend({ gpu: 'auto', ...(threads !== undefined && { threads }) });
}

async function loadLlama(gpu: 'auto' | false): Promise<Llama> {
  const cpu = gpu === false ? await loadCpuLlama(log) : undefined;
  if (cpu !== undefined) return cpu;
  const { getLlama, LlamaLogLevel, NoBinaryFoundError } = await import('node-llama-cpp');
  try {
    const llama = await getLlama({
      gpu,
      build: 'never',
      skipDownload: true,
      progressLogs: false,
      logLevel: LlamaLogLevel.warn,
      logger: log,
    });
    if (llama.gpu === false || (await llama.getGpuDeviceNames()).length > 0) return llama;
    // A driver without a device: its backend would only compute on the CPU, and load as if for a GPU.
    await llama.dispose();
    return await loadLlama(false);
  } catch (error) {
    if (!(error instanceof NoBinaryFoundError)) throw error;
    throw new ExpectedError(
      'engine',
      `node-llama-cpp has no binary for ${process.platform}-${process.arch} that runs here.`,
      { hint: 'npx node-llama-cpp source download', cause: error },
    );
  }
}

function log(level: LlamaLogLevel, message: string): void {
  debug('%s: %s', level, message.trimEnd());
}
