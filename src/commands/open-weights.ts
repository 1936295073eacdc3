import type { Engine } from '../engine/engine.js';
import type { StartingEngine } from '../engine/starting-engine.js';
import { startProgress } from '../terminal/progress.js';
import { warn } from '../terminal/report-error.js';
import type { PairInfo } from '../weights/check-pair.js';
import type { NamedWeights } from './choose-weights.js';
import type { CommandContext } from './command-context.js';
import type { DeviceFlags } from './option-groups.js';
import { planPlacement } from './plan-placement.js';

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

/** Plans what goes where and loads the weights, with progress on stderr. */
export async function openEngine(
  starting: StartingEngine,
  weights: NamedWeights,
  pair: PairInfo,
  flags: DeviceFlags,
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
