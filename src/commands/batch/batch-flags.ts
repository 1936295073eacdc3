import type { QuestionFlags } from '../../answer/question-flags.js';
import type { OpeningWishes } from '../../kept/choose-opening.js';
import type { WeightChoice } from '../../opening/find-weights.js';
import type { FetchFlags, PictureFlags, SamplingFlags } from '../options/option-groups.js';

/** The flags of `llava batch`. */
export interface BatchFlags
  extends WeightChoice, OpeningWishes, SamplingFlags, QuestionFlags, PictureFlags, FetchFlags {
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
  /** Files, folders and patterns: a row for each picture, in place of a file of rows. */
  readonly pictures?: readonly string[];
  /** Of those rows. */
  readonly question?: string;
  readonly recursive?: boolean;
}

export interface MergeFlags {
  readonly output: string;
}
