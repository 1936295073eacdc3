import { freemem } from 'node:os';
import type { KvType, Placement } from '../engine/local/loading/placement.js';
import { ExpectedError } from '../llava/expected-error.js';
import type { PlannedBackend } from '../engine/local/runtime/backend.js';
import { formatBytes } from '../llava/format.js';
import type { PairInfo } from '../weights/check/check-pair.js';
import {
  planFit,
  planLess,
  usableBytes,
  type DeviceMemory,
  type FitPlan,
  type PlanRequest,
} from '../weights/memory/fit-plan.js';
import { CUDA_BYTES } from '../weights/memory/memory-parts.js';
import { repackedTypes } from '../weights/memory/repacked-types.js';

/** Context where the weights allow a longer one; LLaVA-1.5's own is 4096. */
export const DEFAULT_CONTEXT = 4096;

/** What was wished of a placement. */
export interface PlacementWishes {
  /** Layers of the language model on the GPU. Default: as many as fit. */
  readonly gpuLayers?: number | 'all';
  /** Positions of each sequence. */
  readonly context?: number;
  readonly kvType?: KvType;
  /** Questions side by side. Default: 1. */
  readonly sequences?: PlanRequest['sequences'];
}

/** What was decided while llama.cpp was loading. */
export interface OpenPlan {
  readonly placement: Placement;
  /** The next smaller one, when memory ran out for the first. */
  readonly placeLess: (failed: Placement) => Placement | undefined;
}

/**
 * Plans what goes where. What was asked for is done or refused; what was not is made to fit, and said when it is less
 * than everything on the GPU.
 * @param onNote hears what the user should know, in a sentence
 * @throws ExpectedError('engine') for layers or a context that cannot be had
 */
export function planPlacement(
  pair: PairInfo,
  backend: PlannedBackend,
  wishes: PlacementWishes,
  onNote: (note: string) => void,
): OpenPlan {
  const request = requestOf(pair, backend, wishes);
  const plan = planFit(pair.sizes, request);
  if (wishes.gpuLayers !== undefined) checkAsked(plan, wishes.gpuLayers, request, pair);
  else if (request.device !== undefined && plan.placement.gpuLayers < plan.layers)
    onNote(tellPart(plan, request));
  if (!plan.fitsHost) onNote(tellTightHost(plan, request));
  return {
    placement: plan.placement,
    placeLess: (failed) => planLess(pair.sizes, request, { ...plan.placement, ...failed })?.placement,
  };
}

/** The plan's question, from wishes and machine. */
export function requestOf(pair: PairInfo, backend: PlannedBackend, wishes: PlacementWishes): PlanRequest {
  const contextSize = wishes.context ?? Math.min(pair.contextLength, DEFAULT_CONTEXT);
  checkContext(contextSize, pair);
  return {
    contextSize,
    sequences: wishes.sequences ?? 1,
    kvType: wishes.kvType ?? 'f16',
    device: deviceMemory(backend),
    host: { freeBytes: freemem(), repacked: repackedTypes(backend) },
    gpuLayers: wishes.gpuLayers ?? 'auto',
  };
}

/** All GPUs as one; undefined on a CPU. */
export function deviceMemory({
  kind,
  devices,
}: Pick<PlannedBackend, 'kind' | 'devices'>): DeviceMemory | undefined {
  if (devices.length === 0) return undefined;
  return {
    totalBytes: devices.reduce((sum, device) => sum + device.totalBytes, 0),
    freeBytes: devices.reduce((sum, device) => sum + device.freeBytes, 0),
    isShared: kind === 'metal' || devices.every(({ type }) => type !== 'gpu'),
    driverBytes: kind === 'cuda' ? devices.length * CUDA_BYTES : 0,
  };
}

function checkContext(contextSize: number, { contextLength, tokensPerPicture }: PairInfo): void {
  if (contextSize > contextLength)
    throw new ExpectedError(
      'engine',
      `--context ${contextSize} is more than the model's own ${contextLength}.`,
      {
        hint: `--context ${contextLength} or less`,
      },
    );
  if (contextSize <= tokensPerPicture)
    throw new ExpectedError(
      'engine',
      `--context ${contextSize} leaves no room for words: a picture takes ${tokensPerPicture} tokens.`,
      { hint: `--context ${Math.min(contextLength, 2 * tokensPerPicture)} or more` },
    );
}

function checkAsked(plan: FitPlan, asked: number | 'all', request: PlanRequest, { sizes }: PairInfo): void {
  const { device } = request;
  if (device === undefined) {
    if (asked === 0) return;
    throw new ExpectedError('engine', `--gpu-layers ${asked} needs a GPU, and llava runs on the CPU.`, {
      hint: 'llava doctor lists the devices; --device vulkan, cuda or metal asks for one',
    });
  }
  if (plan.fitsDevice) return;
  const fitting = planFit(sizes, { ...request, gpuLayers: 'auto' }).placement.gpuLayers;
  throw new ExpectedError(
    'engine',
    `--gpu-layers ${asked} needs ${formatBytes(plan.deviceBytes)} of the GPU, and only ${formatBytes(usableBytes(device))} is free.`,
    { hint: `--gpu-layers ${fitting} fits; a smaller --context or --kv-type q8_0 makes room` },
  );
}

function tellPart({ placement, layers, deviceBytes }: FitPlan, { device }: PlanRequest): string {
  const { gpuLayers, towerOn } = placement;
  const tower = towerOn === 'device' ? 'and the vision tower fit' : 'fit, not the vision tower,';
  const free = device === undefined ? 0 : usableBytes(device);
  return `${gpuLayers} of ${layers} layers ${tower} on the GPU (${formatBytes(deviceBytes)} of ${formatBytes(free)}); the CPU does the rest.`;
}

function tellTightHost({ hostBytes }: FitPlan, { host }: PlanRequest): string {
  return `These weights need ${formatBytes(hostBytes)} of memory, and ${formatBytes(host.freeBytes)} is free: loading may be slow, or fail.`;
}
