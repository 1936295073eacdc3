import { loadBackend } from '../../src/engine/local/runtime/backend.js';
import type { NativeAddon } from '../../src/engine/local/runtime/native-addon.js';

/** The addon with our kernels for CPUs, where this processor has what they need. */
export async function loadKernels(): Promise<{ readonly addon: NativeAddon; readonly isOurs: boolean }> {
  await using backend = await loadBackend({ device: 'cpu', threads: 1 });
  return { addon: backend.addon, isOurs: backend.hasOwnKernels };
}
