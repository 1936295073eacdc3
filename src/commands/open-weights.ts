import type { Engine, OpenOptions } from '../engine/engine.js';
import { findWeights, type NamedWeights } from '../weights/catalogue.js';
import { checkPair, type PairInfo } from '../weights/check-pair.js';
import { startProgress } from '../terminal/progress.js';
import type { CommandContext } from './command-context.js';
import type { WeightFlags } from './option-groups.js';

/** A pair that was found and whose headers fit each other; nothing of it is loaded yet. */
export interface CheckedWeights extends NamedWeights {
  readonly info: PairInfo;
}

/** Finds the weights that the flags name and checks their headers, in milliseconds. */
export async function checkWeights(flags: WeightFlags): Promise<CheckedWeights> {
  const weights =
    flags.gguf === undefined || flags.mmproj === undefined
      ? findWeights(flags.model)
      : { name: flags.gguf, model: flags.gguf, mmproj: flags.mmproj };
  return { ...weights, info: await checkPair(weights.model, weights.mmproj) };
}

/** Loads checked weights, with progress on stderr. */
export async function openWeights(
  weights: CheckedWeights,
  { io, signal }: CommandContext,
  options: Pick<OpenOptions, 'contextSize' | 'threads'> = {},
): Promise<Engine> {
  const { openLlamaEngine } = await import('../engine/llama-engine.js');
  using progress = startProgress(io);
  progress.say(`loading ${weights.name}`);
  return await openLlamaEngine(weights, {
    ...options,
    signal,
    onProgress: (fraction) => {
      progress.say(`loading ${weights.name} (${Math.round(fraction * 100)} %)`);
    },
  });
}
