import { loadBackend } from '../local/runtime/backend.js';
import { explainMissing } from '../devices/device-failure.js';
import { DEVICE_NAMES, GPU_KINDS, type DeviceKind } from '../devices/device-kind.js';
import { findDriver } from '../devices/find-driver.js';
import { ExpectedError } from '../../llava/expected-error.js';
import type { NativeDevice } from '../local/runtime/native-addon.js';

/** A kind of device, as it is here. Plain data: it crosses processes. */
export interface DeviceReport {
  readonly kind: DeviceKind;
  readonly isUsable: boolean;
  /** Why not, and what to do; undefined when it can be used. */
  readonly problem: string | undefined;
  readonly hint: string | undefined;
  /** GPUs with their memory; none of the CPU's. */
  readonly devices: readonly NativeDevice[];
  /** Instruction sets of the CPU's kernels. */
  readonly cpuFeatures: readonly string[];
  readonly hasOwnKernels: boolean;
  readonly threads: number;
}

/** Kinds that this platform could have: the CPU, and what node-llama-cpp is made for. */
export function possibleKinds(): readonly DeviceKind[] {
  return ['cpu', ...GPU_KINDS.filter((kind) => findDriver(kind).isPossible)];
}

/** Loads the backend of one kind and lists what it finds. A process can do this for one kind only. */
export async function probeDevice(kind: DeviceKind): Promise<DeviceReport> {
  try {
    await using backend = await loadBackend({ device: kind });
    return {
      kind,
      isUsable: true,
      problem: undefined,
      hint: undefined,
      devices: backend.devices,
      cpuFeatures: [...backend.cpuFeatures],
      hasOwnKernels: backend.hasOwnKernels,
      threads: backend.threads,
    };
  } catch (error) {
    if (!(error instanceof ExpectedError)) throw error;
    return unusable(kind, error.message, error.hint);
  }
}

/** What can be said without loading anything; undefined when loading must be tried. */
export function probeWithoutLoading(kind: DeviceKind): DeviceReport | undefined {
  if (kind === 'cpu') return undefined;
  const search = findDriver(kind);
  if (search.isPossible && search.driver !== undefined && search.packageIsInstalled) return undefined;
  const { reason, hint } = explainMissing(kind, search);
  return unusable(kind, `Cannot use "${kind}": ${reason}.`, hint);
}

export function unusable(kind: DeviceKind, problem: string, hint: string | undefined): DeviceReport {
  return {
    kind,
    isUsable: false,
    problem,
    hint,
    devices: [],
    cpuFeatures: [],
    hasOwnKernels: false,
    threads: 0,
  };
}

/** For reports of processes that ended without one. */
export function crashed(kind: DeviceKind, code: number | string): DeviceReport {
  const problem = `${DEVICE_NAMES[kind]}: llama.cpp ended its process (${code}) while it loaded.`;
  return unusable(kind, problem, "Update the GPU's driver, or use --device cpu");
}
