import type { Engine } from '../engine/engine.js';
import type { StartingEngine } from '../engine/starting-engine.js';
import { startProgress } from '../terminal/progress.js';
import { findWeights, type NamedWeights } from '../weights/catalogue.js';
import type { CommandContext } from './command-context.js';
import type { WeightFlags } from './option-groups.js';

/** The files that the flags name. */
export function chooseWeights(flags: WeightFlags): NamedWeights {
  const { model, gguf, mmproj } = flags;
  if (gguf === undefined || mmproj === undefined) return findWeights(model);
  return { name: gguf, model: gguf, mmproj };
}

/** Sets llama.cpp loading, the longest step of a start, so that pictures and headers are checked meanwhile. */
export async function startEngine(
  weights: NamedWeights,
  { signal }: CommandContext,
): Promise<StartingEngine> {
  const { StartingEngine } = await import('../engine/starting-engine.js');
  return new StartingEngine(weights, signal);
}

/** Loads the weights, with progress on stderr. */
export async function openEngine(
  starting: StartingEngine,
  weights: NamedWeights,
  { io }: CommandContext,
): Promise<Engine> {
  using progress = startProgress(io);
  progress.say(`loading ${weights.name}`);
  return await starting.open((fraction) => {
    progress.say(`loading ${weights.name} (${Math.round(fraction * 100)} %)`);
  });
}
