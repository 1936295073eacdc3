import type { Llama } from 'node-llama-cpp';
import { ExpectedError } from '../../../llava/expected-error.js';
import {
  deviceError,
  explainMissing,
  explainNoDevice,
  type DeviceProblem,
} from '../../devices/device-failure.js';
import {
  DEVICE_NAMES,
  GPU_KINDS,
  type DeviceChoice,
  type DeviceKind,
  type GpuKind,
} from '../../devices/device-kind.js';
import { loadDirectly } from './direct-llama.js';
import { findDriver } from '../../devices/find-driver.js';
import { LlamaLog } from './llama-log.js';

/** node-llama-cpp's object, with the kind of device it was loaded for. */
export interface LoadedLlama {
  readonly llama: Llama;
  readonly kind: DeviceKind;
  readonly log: LlamaLog;
}

/**
 * Loads the shipped llama.cpp; nothing is downloaded or compiled.
 * @param onNote hears in a sentence when `auto` passes over a GPU that is there
 * @throws ExpectedError('engine') when the kind asked for cannot be had
 */
export async function loadLlama(choice: DeviceChoice, onNote?: (note: string) => void): Promise<LoadedLlama> {
  if (choice === 'cpu') return await loadCpu();
  if (choice !== 'auto') {
    const found = await loadGpu(choice);
    if ('llama' in found) return found;
    throw deviceError(choice, found.problem);
  }
  for (const kind of GPU_KINDS) {
    const { isPossible, driver } = findDriver(kind);
    if (!isPossible || driver === undefined) continue;
    const found = await loadGpu(kind);
    if ('llama' in found) return found;
    if (found.isThere) onNote?.(`${DEVICE_NAMES[kind]} is not used: ${found.problem.reason}.`);
  }
  return await loadCpu();
}

interface NoGpu {
  readonly problem: DeviceProblem;
  /** Whether a GPU, or at least its maker's driver, is in this machine all the same. */
  readonly isThere: boolean;
}

async function loadGpu(kind: GpuKind): Promise<LoadedLlama | NoGpu> {
  const search = findDriver(kind);
  if (!search.isPossible || search.driver === undefined || !search.packageIsInstalled)
    return { problem: explainMissing(kind, search), isThere: search.driver !== undefined };
  const log = new LlamaLog();
  // Drivers of other kinds may end the process that tries them, so that getLlama() tries them apart.
  const direct = kind === 'cuda' ? await loadDirectly(kind, log.hear) : undefined;
  const llama = direct ?? (await getLlamaFor(kind, log));
  if (llama === undefined) return { problem: explainMissing(kind, search), isThere: true };
  if (llama.gpu === kind && (await llama.getGpuDeviceNames()).length > 0) return { llama, kind, log };
  // A driver without a device: its backend would only compute on the CPU, and load as if for a GPU.
  await llama.dispose();
  return { problem: explainNoDevice(kind, search), isThere: false };
}

async function loadCpu(): Promise<LoadedLlama> {
  const log = new LlamaLog();
  const llama = (await loadDirectly('cpu', log.hear)) ?? (await getLlamaFor('cpu', log));
  if (llama !== undefined) return { llama, kind: 'cpu', log };
  throw new ExpectedError(
    'engine',
    `node-llama-cpp has no binary for ${process.platform}-${process.arch} that runs here.`,
    { hint: 'npx node-llama-cpp source download' },
  );
}

/** Undefined when no shipped binary runs here. */
async function getLlamaFor(kind: DeviceKind, log: LlamaLog): Promise<Llama | undefined> {
  const { getLlama, LlamaLogLevel, NoBinaryFoundError } = await import('node-llama-cpp');
  try {
    return await getLlama({
      gpu: kind === 'cpu' ? false : kind,
      build: 'never',
      skipDownload: true,
      progressLogs: false,
      logLevel: LlamaLogLevel.warn,
      logger: log.hear,
    });
  } catch (error) {
    if (error instanceof NoBinaryFoundError) return undefined;
    throw error;
  }
}
