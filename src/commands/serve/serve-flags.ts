import type { EngineWishes } from '../../opening/engine-opening.js';
import type { WeightChoice } from '../../opening/find-weights.js';
import type { FetchFlags, SamplingFlags } from '../options/option-groups.js';

/** The flags of `llava serve`. */
export interface ServeFlags extends WeightChoice, EngineWishes, SamplingFlags, FetchFlags {
  readonly host: string;
  readonly port: number;
  readonly socket?: string;
  readonly apiKeyFile?: string;
  readonly allowHost?: readonly string[];
  readonly corsOrigin?: readonly string[];
  readonly parallel?: number;
  readonly queue: number;
  /** Milliseconds. */
  readonly idle?: number;
  /** Milliseconds. */
  readonly grace: number;
  readonly maxBody: number;
}
