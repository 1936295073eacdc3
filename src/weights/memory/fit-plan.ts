import type { KvType } from './compute-sizes.js';
import {
  deviceParts,
  hostParts,
  isMostlyRepacked,
  peakHostBytes,
  totalBytes,
  type MemoryParts,
  type PlannedPlacement,
} from './memory-parts.js';
import type { PairSizes } from './weight-sizes.js';

/** A GPU to plan for; several of them are planned for as one. */
export interface DeviceMemory {
  readonly totalBytes: number;
  readonly freeBytes: number;
  /** Whether it is the host's memory: integrated GPUs, Apple's, software devices. */
  readonly isShared: boolean;
  /** What the driver takes of it for a process; `freeBytes` is what it left. Default: 0. */
  readonly driverBytes?: number;
}

export interface HostMemory {
  readonly freeBytes: number;
  /** See `repackedTypes`. */
  readonly repacked: ReadonlySet<string>;
}

export interface PlanRequest {
  /** Positions of each sequence. */
  readonly contextSize: number;
  /** `auto`: on a GPU as many as fit beside the layers, up to 8; on a CPU one. Default: 1. */
  readonly sequences?: 'auto' | number;
  readonly kvType: KvType;
  /** Undefined on a CPU. */
  readonly device: DeviceMemory | undefined;
  readonly host: HostMemory;
  /** `auto`: as many as fit. */
  readonly gpuLayers: 'auto' | 'all' | number;
}

export interface FitPlan {
  readonly placement: PlannedPlacement;
  /** All layers of the language model: its blocks and the output. */
  readonly layers: number;
  /** Undefined when the plan has no device. */
  readonly device: MemoryParts | undefined;
  readonly host: MemoryParts;
  /** Sums of the parts; `hostPeakBytes` with pages of the mapped file besides. */
  readonly deviceBytes: number;
  readonly hostBytes: number;
  readonly hostPeakBytes: number;
  readonly fitsDevice: boolean;
  readonly fitsHost: boolean;
  readonly fits: boolean;
  /** Largest context that fits with these layers and this tower, up to the model's own; 0 when none does. */
  readonly largestContext: number;
}

/** Left free on a device: drivers keep kernels and scratch there that no header tells of. */
const SPARE_SHARE = 1 / 16;
const MOST_SPARE = 2 ** 30;
const CONTEXT_STEP = 256;
/** Questions side by side: more gain little, and each takes a KV cache. A CPU is slower with several: docs/performance.md. */
const MOST_ON_DEVICE = 8;
const MOST_ON_CPU = 1;

/**
 * Plans what goes where, from headers alone. In `auto` the tower goes first: it is as large as a few layers and
 * does all its work at once, so that a GPU gains most there; then as many layers as fit, from the last.
 */
export function planFit(pair: PairSizes, request: PlanRequest): FitPlan {
  const { sequences = 1 } = request;
  if (typeof sequences === 'number') return planLayers(pair, { ...request, sequences });
  const alone = planLayers(pair, { ...request, sequences: 1 });
  const { gpuLayers, towerOn } = alone.placement;
  for (let count = request.device === undefined ? MOST_ON_CPU : MOST_ON_DEVICE; count > 1; count--) {
    const plan = planPlacement(pair, { ...request, sequences: count }, gpuLayers, towerOn);
    if (plan.fits) return plan;
  }
  return alone;
}

/** A request that says how many sequences there are. */
type CountedRequest = PlanRequest & { readonly sequences: number };

function planLayers(pair: PairSizes, request: CountedRequest): FitPlan {
  const layers = pair.text.blocks.length + 1;
  if (request.device === undefined) return planPlacement(pair, request, 0, 'cpu');
  if (request.gpuLayers !== 'auto') {
    const wanted = request.gpuLayers === 'all' ? layers : Math.min(request.gpuLayers, layers);
    const withTower = planPlacement(pair, request, wanted, 'device');
    return withTower.fits ? withTower : planPlacement(pair, request, wanted, 'cpu', withTower);
  }
  for (let count = layers; count >= 0; count--) {
    const plan = planPlacement(pair, request, count, 'device');
    if (plan.fitsDevice) return plan;
  }
  return planPlacement(pair, request, 0, 'cpu');
}

/** The next smaller plan when memory ran out for one: half the sequences, a quarter of the layers less, the tower last. */
export function planLess(
  pair: PairSizes,
  request: PlanRequest,
  failed: PlannedPlacement,
): FitPlan | undefined {
  if (request.device === undefined || request.gpuLayers !== 'auto') return undefined;
  const { gpuLayers, towerOn, sequences } = failed;
  const counted = { ...request, sequences };
  if (sequences > 1 && typeof request.sequences !== 'number')
    return planPlacement(pair, { ...request, sequences: sequences >> 1 }, gpuLayers, towerOn);
  if (gpuLayers > 0) return planPlacement(pair, counted, Math.floor(gpuLayers * 0.75), towerOn);
  return towerOn === 'device' ? planPlacement(pair, counted, 0, 'cpu') : undefined;
}

/** @param otherwise returned instead when this does not fit either */
function planPlacement(
  pair: PairSizes,
  request: CountedRequest,
  gpuLayers: number,
  towerOn: 'cpu' | 'device',
  otherwise?: FitPlan,
): FitPlan {
  const placed = place(pair, request, gpuLayers, towerOn);
  if (otherwise !== undefined && !placed.fits) return otherwise;
  return { ...placed, largestContext: findLargestContext(pair, request, gpuLayers, towerOn) };
}

function place(
  pair: PairSizes,
  { contextSize, sequences, kvType, device: memory, host: hostMemory }: CountedRequest,
  gpuLayers: number,
  towerOn: 'cpu' | 'device',
): Omit<FitPlan, 'largestContext'> {
  const { text } = pair;
  const hasDevice = memory !== undefined;
  const mapped = { gpuLayers, towerOn, contextSize, sequences, kvType, mapsModel: true };
  const host = hostParts(pair, mapped, hasDevice);
  const { freeBytes, repacked } = hostMemory;
  const mapsModel =
    hasDevice ||
    !isMostlyRepacked(text, repacked) ||
    peakHostBytes(pair, mapped, host, undefined, repacked, false) <= freeBytes;
  const placement = { ...mapped, mapsModel };
  const driverBytes = memory?.driverBytes ?? 0;
  const device = hasDevice ? { ...deviceParts(pair, placement), process: driverBytes } : undefined;
  const isShared = memory?.isShared ?? false;
  const deviceBytes = device === undefined ? 0 : totalBytes(device);
  const hostBytes = totalBytes(host) + (isShared ? deviceBytes : 0);
  const fitsDevice = memory === undefined || deviceBytes <= usableBytes(memory);
  const fitsHost = hostBytes <= freeBytes;
  return {
    placement,
    layers: text.blocks.length + 1,
    device,
    host,
    deviceBytes,
    hostBytes,
    hostPeakBytes: peakHostBytes(pair, placement, host, device, repacked, isShared),
    fitsDevice,
    fitsHost,
    fits: fitsDevice && fitsHost,
  };
}

/** What a plan may take of a device, the driver's part included. */
export function usableBytes({ totalBytes: total, freeBytes, driverBytes = 0 }: DeviceMemory): number {
  return Math.max(0, freeBytes + driverBytes - Math.min(total * SPARE_SHARE, MOST_SPARE));
}

/** By halving, since more positions never take less. */
function findLargestContext(
  pair: PairSizes,
  request: CountedRequest,
  gpuLayers: number,
  towerOn: 'cpu' | 'device',
): number {
  let low = 0;
  let high = Math.floor(pair.text.contextLength / CONTEXT_STEP) + 1;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    const { fits } = place(pair, { ...request, contextSize: middle * CONTEXT_STEP }, gpuLayers, towerOn);
    if (fits) low = middle;
    else high = middle;
  }
  return low * CONTEXT_STEP;
}
