import type { QuestionFlags } from '../../answer/question-flags.js';
import type { Shard } from '../../batch/rows/read-rows.js';
import type { EngineChoice } from '../../remote/find-engine.js';
import type { FetchFlags, SamplingFlags } from '../options/option-groups.js';
import type { PartFlags, PictureFlags } from '../options/picture-options.js';

/** The flags of `llava batch`. */
export interface BatchFlags
  extends EngineChoice, SamplingFlags, QuestionFlags, PictureFlags, PartFlags, FetchFlags {
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
  readonly shard?: Shard;
  readonly dryRun?: boolean;
  /** Files, folders and patterns: a row for each picture, in place of a file of rows. */
  readonly pictures?: readonly string[];
  /** Of those rows. */
  readonly question?: string;
  readonly recursive?: boolean;
  /** Several pictures of one row are put on one sheet. */
  readonly tile?: boolean;
}

/** The same as they are typed: which shard is left to the scheduler, perhaps. */
export interface GivenBatchFlags extends Omit<BatchFlags, 'shard'> {
  readonly shard?: Shard | 'auto';
  /** How many there are in all. */
  readonly shards?: number;
}

export interface MergeFlags {
  readonly output: string;
}
