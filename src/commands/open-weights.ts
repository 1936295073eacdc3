import { ExpectedError } from '../llava/expected-error.js';
import type { Engine } from '../engine/engine.js';
import type { StartingEngine } from '../engine/starting-engine.js';
import { startProgress } from '../terminal/progress.js';
import { findWeights, type NamedWeights } from '../weights/catalogue.js';
import type { CommandContext } from './command-context.js';
import type { WeightFlags } from './option-groups.js';

/** The files that the flags name. */
export function chooseWeights(flags: WeightFlags): NamedWeights {
  checkWeightFlags(flags);
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

/** @throws ExpectedError('usage') when only one of a pair is named. */
function checkWeightFlags(flags: WeightFlags): void {
  const { gguf, mmproj } = flags;
  if ((gguf === undefined) === (mmproj === undefined)) return;
  const [given, missing] = gguf === undefined ? ['--mmproj', '--gguf'] : ['--gguf', '--mmproj'];
  throw new ExpectedError('usage', `${given} "${gguf ?? mmproj ?? ''}" needs ${missing} as well.`, {
    hint: 'A LLaVA-1.5 is a pair of files: --gguf MODEL.gguf --mmproj MMPROJ.gguf',
  });
}
