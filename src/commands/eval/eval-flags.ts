import type { EngineWishes } from '../../opening/engine-opening.js';
import type { WeightChoice } from '../../opening/find-weights.js';
import type { EngineChoice } from '../../remote/find-engine.js';

/* The flags of `llava eval`'s commands. */

export interface DataFlag {
  readonly data: string;
}

export interface ListFlags {
  readonly json?: boolean;
}

export interface PrepareFlags extends DataFlag {
  readonly output: string;
  readonly limit?: number;
}

export interface ResultFlags extends DataFlag {
  readonly write?: string;
  readonly compare?: boolean;
  readonly json?: boolean;
}

export interface RunFlags extends ResultFlags, EngineChoice {
  readonly parallel?: number;
  readonly output: string;
  readonly limit?: number;
  readonly resume?: boolean;
  readonly retryErrors?: boolean;
  readonly overwrite?: boolean;
}

export interface ScoreFlags extends ResultFlags {
  readonly answers?: string;
  readonly reviews?: readonly string[];
  readonly sample?: boolean;
}

export interface CompareFlags extends EngineWishes {
  readonly questions?: string;
  readonly benchmark?: string;
  readonly data?: string;
  readonly limit?: number;
  readonly maxTokens: number;
  readonly parallel?: number;
  /** A folder for both files of answers; default: they are not kept. */
  readonly output?: string;
  readonly resume?: boolean;
  readonly json?: boolean;
}

export interface DemoFlags extends WeightChoice, EngineWishes {
  readonly seed: number;
  readonly scenes: number;
  readonly misses: number;
  readonly html?: string;
  readonly json?: boolean;
}
