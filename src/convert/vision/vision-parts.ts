import type { VisionSettings } from '../../checkpoints/configuration/settings.js';
import { refuse } from '../refusals.js';
import type { NumberSource } from '../number-source.js';

type Sources = ReadonlyMap<string, NumberSource>;

/** A vision tower, wherever it comes from. */
export interface Tower {
  /** For messages. */
  readonly from: string;
  readonly settings: Omit<VisionSettings, 'layers'>;
  /** Blocks that are run; those behind them are not needed. */
  readonly blocks: number;
  readonly mean: readonly number[];
  readonly std: readonly number[];
  /** By CLIP's names, such as `encoder.layers.0.mlp.fc1.bias`. */
  readonly tensors: Sources;
}

/** The two layers behind it, by the names of LlavaForConditionalGeneration, such as `linear_1.bias`. */
export interface ProjectorParts {
  readonly from: string;
  readonly tensors: Sources;
}

/**
 * How many blocks are run until the layer whose output is the projector's input, counted as transformers counts hidden states:
 * the last of 24 but one, -2, is 23.
 * @throws ExpectedError('weights') for a layer that the tower does not have
 */
export function blocksToRun(featureLayer: number, layers: number, from: string): number {
  const blocks = featureLayer < 0 ? layers + featureLayer + 1 : featureLayer;
  if (blocks >= 1 && blocks <= layers) return blocks;
  throw refuse(
    `${from} takes the output of layer ${featureLayer} of a vision tower with ${layers}.`,
    'Correct its config.json: LLaVA-1.5 takes layer -2',
  );
}
