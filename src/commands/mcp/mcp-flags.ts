import type { OpeningWishes } from '../../kept/choose-opening.js';
import type { WeightChoice } from '../../opening/find-weights.js';
import type { FetchFlags, LengthFlag } from '../options/option-groups.js';

/** The flags of `llava mcp`. */
export interface McpFlags extends WeightChoice, OpeningWishes, FetchFlags, LengthFlag {
  /** Folders. */
  readonly allow?: readonly string[];
  /** Milliseconds. */
  readonly idle: number;
}
