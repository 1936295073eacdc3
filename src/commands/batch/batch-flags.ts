import type { QuestionFlags } from '../../answer/question-flags.js';
import type { EngineChoice } from '../../remote/find-engine.js';
import type { FetchFlags, PictureFlags, SamplingFlags } from '../options/option-groups.js';

/** The flags of `llava batch`. */
export interface BatchFlags extends EngineChoice, SamplingFlags, QuestionFlags, PictureFlags, FetchFlags {
  readonly output: string;
  readonly imageFolder?: string;
  readonly restrictPaths?: boolean;
  readonly resume?: boolean;
  readonly retryErrors?: boolean;
  readonly overwrite?: boolean;
  readonly parallel?: number;
  readonly journal?: string;
  readonly unordered?: boolean;
  readonly timings?: boolean;
  readonly maxErrors?: number;
  readonly failFast?: boolean;
  readonly shard?: { readonly index: number; readonly count: number };
  readonly dryRun?: boolean;
}

export interface MergeFlags {
  readonly output: string;
}
