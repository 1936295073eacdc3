import { ExpectedError } from '../../llava/expected-error.js';
import { DEVICE_NAMES, type GpuKind } from './device-kind.js';
import type { DriverSearch } from './find-driver.js';

/** Why a kind of GPU cannot be had, and what to do about it. */
export interface DeviceProblem {
  readonly reason: string;
  readonly hint: string;
}

const OR_OTHERWISE = 'or use --device auto; llava doctor lists the devices';

/** What to install where there is no driver. */
const DRIVER_HINT: Readonly<Record<GpuKind, string>> = {
  cuda: `Install NVIDIA's driver, ${OR_OTHERWISE}`,
  vulkan: `Install your GPU's Vulkan driver, ${OR_OTHERWISE}`,
  metal: `Use --device auto; llava doctor lists the devices`,
};

/** What may stand between a driver and binaries that do not run with it. */
const RUN_HINT: Readonly<Record<GpuKind, string>> = {
  cuda: `Install the CUDA 13 or 12 runtime (libcudart, libcublas) and a driver for it, ${OR_OTHERWISE}`,
  vulkan: `Update your GPU's driver: Vulkan 1.2 is needed, ${OR_OTHERWISE}`,
  metal: `Update macOS, ${OR_OTHERWISE}`,
};

/** Explains from what was searched for why loading found nothing. */
export function explainMissing(kind: GpuKind, search: DriverSearch): DeviceProblem {
  const name = DEVICE_NAMES[kind];
  if (!search.isPossible)
    return {
      reason: `node-llama-cpp has no ${name} binaries for ${process.platform}-${process.arch}`,
      hint: 'Use --device auto; llava doctor lists the devices',
    };
  if (search.driver === undefined)
    return { reason: `${search.driverName} was not found`, hint: DRIVER_HINT[kind] };
  if (!search.packageIsInstalled)
    return {
      reason: `${search.driverName} was found, but the package ${search.package} is not installed`,
      hint: `npm install --include=optional, ${OR_OTHERWISE}`,
    };
  return {
    reason: `${search.driverName} was found, but the binaries of ${search.package} do not run with it`,
    hint: RUN_HINT[kind],
  };
}

/** The driver is there, and knows of no GPU. */
export function explainNoDevice(kind: GpuKind, search: DriverSearch): DeviceProblem {
  return { reason: `${search.driverName} was found, but it lists no GPU`, hint: DRIVER_HINT[kind] };
}

/** For a kind that was asked for by name. */
export function deviceError(kind: GpuKind, { reason, hint }: DeviceProblem, cause?: unknown): ExpectedError {
  return new ExpectedError('engine', `Cannot use "${kind}": ${reason}.`, { hint, cause });
}
