/** Where llama.cpp computes: the CPU, or a kind of GPU that it has a backend for. */
export type DeviceKind = 'cpu' | 'cuda' | 'vulkan' | 'metal';

/** What can be asked for; `auto` takes the best kind that this machine has. */
export type DeviceChoice = 'auto' | DeviceKind;

export const DEVICE_KINDS: readonly DeviceKind[] = ['cpu', 'cuda', 'vulkan', 'metal'];

export const DEVICE_CHOICES: readonly DeviceChoice[] = ['auto', ...DEVICE_KINDS];

/** Names as their makers write them. */
export const DEVICE_NAMES: Readonly<Record<DeviceKind, string>> = {
  cpu: 'CPU',
  cuda: 'CUDA',
  vulkan: 'Vulkan',
  metal: 'Metal',
};

export type GpuKind = Exclude<DeviceKind, 'cpu'>;

/** GPU kinds in the order in which `auto` tries them. */
export const GPU_KINDS: readonly GpuKind[] = ['metal', 'cuda', 'vulkan'];
