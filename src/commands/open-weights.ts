import type { Engine } from '../engine/engine.js';
import type { FeatureCache } from '../engine/feature-cache.js';
import type { StartingEngine } from '../engine/starting-engine.js';
import { startProgress } from '../terminal/progress.js';
import { warn } from '../terminal/report-error.js';
import type { PairInfo } from '../weights/check-pair.js';
import { identifyFiles } from '../weights/weights-identity.js';
import type { NamedWeights } from './choose-weights.js';
import type { CommandContext } from './command-context.js';
import { openCache } from './open-cache.js';
import type { CacheFlags, DeviceFlags } from './option-groups.js';
import { planPlacement, type PlacementFlags } from './plan-placement.js';

/** Sets llama.cpp loading, the longest step of a start, so that pictures and headers are checked meanwhile. */
export async function startEngine(
  weights: NamedWeights,
  { device, threads }: DeviceFlags,
  { io, signal }: CommandContext,
): Promise<StartingEngine> {
  const { StartingEngine } = await import('../engine/starting-engine.js');
  const onNote = (note: string) => {
    warn(io, note);
  };
  return new StartingEngine(weights, signal, { device, threads, onNote });
}

/**
 * Plans what goes where and loads the weights, with progress on stderr.
 * @param cache where image features are kept; default: the one that the flags ask for
 */
export async function openEngine(
  starting: StartingEngine,
  weights: NamedWeights,
  pair: PairInfo,
  flags: PlacementFlags & CacheFlags,
  context: CommandContext,
  cache?: FeatureCache,
): Promise<Engine> {
  const kept = cache ?? (await openCache(flags, context));
  const engine = await loadWeights(starting, weights, pair, flags, context);
  if (kept === undefined) return engine;
  const { CachingEngine } = await import('../engine/caching-engine.js');
  return new CachingEngine(engine, kept, await identifyFiles(weights.mmproj));
}

async function loadWeights(
  starting: StartingEngine,
  weights: NamedWeights,
  pair: PairInfo,
  flags: PlacementFlags,
  { io }: CommandContext,
): Promise<Engine> {
  const plan = planPlacement(pair, await starting.backend(), flags, (note) => {
    warn(io, note);
  });
  using progress = startProgress(io);
  progress.say(`loading ${weights.name}`);
  return await starting.open((fraction) => {
    progress.say(`loading ${weights.name} (${Math.round(fraction * 100)} %)`);
  }, plan);
}
