import type { DeviceKind } from '../../devices/device-kind.js';

/** Number formats of keys and values in the KV cache. */
export type KvType = 'f16' | 'q8_0' | 'q4_0';

export const KV_TYPES: readonly KvType[] = ['f16', 'q8_0', 'q4_0'];

/** What goes where. */
export interface Placement {
  /** Layers on the device, counted from the last; the output counts as one, so all are blocks + 1. */
  readonly gpuLayers: number;
  readonly towerOn: 'cpu' | 'device';
  /** Positions of each sequence. */
  readonly contextSize: number;
  /** Questions that can be answered side by side; each sequence has a KV cache of its own. */
  readonly sequences: number;
  readonly kvType: KvType;
  /**
   * Whether the language model's file is mapped into memory or read. Mapped is faster, and its pages come and go as
   * memory allows; but what llama.cpp repacks for the CPU is there twice meanwhile.
   */
  readonly mapsModel: boolean;
}

/** More layers than any language model of LLaVA-1.5's kind has; llama.cpp takes what there is. */
export const ALL_LAYERS = 999;

/** Everything on the device, if the backend has one: for those who have not planned. */
export function defaultPlacement(kind: DeviceKind, contextSize: number): Placement {
  const hasDevice = kind !== 'cpu';
  return {
    gpuLayers: hasDevice ? ALL_LAYERS : 0,
    towerOn: hasDevice ? 'device' : 'cpu',
    contextSize,
    sequences: 1,
    kvType: 'f16',
    mapsModel: true,
  };
}
