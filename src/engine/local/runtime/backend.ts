import { stat } from 'node:fs/promises';
import type { Llama } from 'node-llama-cpp';
import { parseCpuFeatures } from './cpu-features.js';
import type { DeviceChoice, DeviceKind } from '../../devices/device-kind.js';
import type { WeightFiles } from '../loading/weight-files.js';
import type { LlamaLog } from './llama-log.js';
import { loadLlama } from './load-llama.js';
import { attachNativeAddon, type NativeAddon, type NativeDevice } from './native-addon.js';
import { nativeFailure } from './native-failure.js';
import { checkNodeLlamaCppVersion } from './release.js';

/** llama.cpp with its devices, loaded into this process, and our addon attached to it. */
export interface Backend extends AsyncDisposable {
  readonly llama: Llama;
  readonly addon: NativeAddon;
  readonly kind: DeviceKind;
  /** What llama.cpp said of late. */
  readonly log: LlamaLog;
  /** The ggml devices that take the work, with their memory as it was when they were loaded; none on a CPU. */
  readonly devices: readonly NativeDevice[];
  readonly threads: number;
  /** Instruction sets of the CPU's kernels, such as `AVX2`. */
  readonly cpuFeatures: ReadonlySet<string>;
  /** Whether Q4_0, Q4_K and Q6_K weights are multiplied by kernels of our own, and stay as they are in the file. */
  readonly hasOwnKernels: boolean;
}

/** What a plan needs to know of a loaded backend. */
export type PlannedBackend = Pick<Backend, 'kind' | 'devices' | 'cpuFeatures' | 'hasOwnKernels'>;

export interface BackendOptions {
  /** Default: `auto`. */
  readonly device?: DeviceChoice | undefined;
  /** Default: the physical cores, since more of them only get in each other's way. */
  readonly threads?: number | undefined;
  /** Hears what the user should know, in a sentence: a GPU that is there and cannot be used. */
  readonly onNote?: ((note: string) => void) | undefined;
}

/**
 * Language models below this size are computed faster by one thread of the CPU than a GPU takes to start, or
 * two threads to meet; above all on busy machines.
 */
const SMALL_MODEL_BYTES = 64e6;

/**
 * Loads the shipped llama.cpp for a device; nothing is downloaded or compiled. A process stays with the first
 * kind of device that it loads.
 * @throws ExpectedError('engine') when the device cannot be had, no binary fits or the addon is not built
 */
export async function loadBackend(options: BackendOptions = {}): Promise<Backend> {
  checkNodeLlamaCppVersion();
  const { llama, kind, log } = await loadLlama(options.device ?? 'auto', options.onNote);
  try {
    llama.maxThreads = options.threads ?? llama.cpuMathCores;
    const addon = attachNativeAddon();
    const devices = kind === 'cpu' ? [] : workingDevices(addon.listDevices());
    // Language model and tower load side by side: a device must be there before both ask for it.
    if (devices.length > 0) await addon.prepareDevices();
    return {
      llama,
      addon,
      kind,
      log,
      devices,
      threads: llama.maxThreads,
      cpuFeatures: parseCpuFeatures(llama.systemInfo),
      // Beside a GPU they would keep large batches from it.
      hasOwnKernels: kind === 'cpu' && addon.accelerateCpu(),
      [Symbol.asyncDispose]: () => llama.dispose(),
    };
  } catch (error) {
    await llama.dispose();
    throw nativeFailure(error);
  }
}

/**
 * Loads the backend that suits these weights: in `auto`, small models stay on one thread of the CPU.
 * A file that is missing is the business of those who open it.
 */
export async function loadBackendFor({ model }: WeightFiles, options: BackendOptions = {}): Promise<Backend> {
  if ((options.device ?? 'auto') !== 'auto') return await loadBackend(options);
  const size = await stat(model).then(
    (stats) => stats.size,
    () => 0,
  );
  if (size < SMALL_MODEL_BYTES)
    return await loadBackend({ ...options, device: 'cpu', threads: options.threads ?? 1 });
  return await loadBackend(options);
}

/** As llama.cpp chooses: GPUs of their own, or else those that share the CPU's memory. */
function workingDevices(devices: readonly NativeDevice[]): readonly NativeDevice[] {
  const gpus = devices.filter(({ type }) => type === 'gpu');
  return gpus.length > 0 ? gpus : devices.filter(({ type }) => type === 'integrated-gpu');
}
