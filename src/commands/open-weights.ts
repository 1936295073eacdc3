import type { Engine } from '../engine/engine.js';
import type { EngineChoices, StartingEngine } from '../engine/starting-engine.js';
import { startProgress } from '../terminal/progress.js';
import { warn } from '../terminal/report-error.js';
import type { PairInfo } from '../weights/check/check-pair.js';
import { identifyFiles } from '../weights/weights-identity.js';
import type { NamedWeights } from './choose-weights.js';
import type { CommandContext } from './command-context.js';
import { openCache, type Cache } from './open-cache.js';
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
 * @param cache what is kept on disk; default: the one that the flags ask for
 */
export async function openEngine(
  starting: StartingEngine,
  weights: NamedWeights,
  pair: PairInfo,
  flags: PlacementFlags & CacheFlags,
  context: CommandContext,
  cache?: Cache,
): Promise<Engine> {
  const kept = cache ?? (await openCache(flags, context));
  let engine = await loadWeights(starting, weights, pair, flags, context, kept);
  if (kept !== undefined) {
    const { CachingEngine } = await import('../engine/caching-engine.js');
    engine = new CachingEngine(engine, kept.features, await identifyFiles(weights.mmproj));
  }
  if (flags.imageTokens === undefined) return engine;
  const { PruningEngine } = await import('../engine/pruning-engine.js');
  return new PruningEngine(engine, flags.imageTokens);
}

async function loadWeights(
  starting: StartingEngine,
  weights: NamedWeights,
  pair: PairInfo,
  flags: PlacementFlags,
  { io }: CommandContext,
  cache: Cache | undefined,
): Promise<Engine> {
  const plan = planPlacement(pair, await starting.backend(), flags, (note) => {
    warn(io, note);
  });
  using progress = startProgress(io);
  progress.say(`loading ${weights.name}`);
  return await starting.open({
    ...plan,
    ...(cache === undefined ? {} : await readingLess(weights, pair, cache)),
    onProgress: (fraction) => {
      progress.say(`loading ${weights.name} (${Math.round(fraction * 100)} %)`);
    },
  });
}

/** What need not be read or computed when a cache has it. */
async function readingLess(
  { model, lora }: NamedWeights,
  { imageSize, tokensPerPicture, width }: PairInfo,
  { prefixes }: Cache,
): Promise<Pick<EngineChoices, 'towerShape' | 'prefixes'>> {
  const towerShape = { imageSize, tokens: tokensPerPicture, width };
  if (prefixes === undefined) return { towerShape };
  return { towerShape, prefixes: { folder: prefixes, weights: await identifyFiles(model, ...(lora ?? [])) } };
}
