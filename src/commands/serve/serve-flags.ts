import type { EngineWishes } from '../../opening/engine-opening.js';
import type { WeightChoice } from '../../opening/find-weights.js';
import type { SamplingFlags } from '../options/option-groups.js';

/** The flags of `llava serve`. */
export interface ServeFlags extends WeightChoice, EngineWishes, SamplingFlags {
  readonly host: string;
  readonly port: number;
  readonly socket?: string;
  readonly apiKeyFile?: string;
  readonly allowHost?: readonly string[];
  readonly corsOrigin?: readonly string[];
  /** `true` without hosts. */
  readonly allowUrls?: true | readonly string[];
  readonly allowPrivateHost?: readonly string[];
  readonly parallel?: number;
  readonly queue: number;
  /** Milliseconds. */
  readonly idle?: number;
  /** Milliseconds. */
  readonly grace: number;
  readonly maxBody: number;
}
