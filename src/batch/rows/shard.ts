import { createHash } from 'node:crypto';
import type { BatchRow, FailedRow } from './batch-row.js';

/** One of `count` parts of a batch, from 1. */
export interface Shard {
  readonly index: number;
  readonly count: number;
}

/**
 * The shard of `count` that a row belongs to, from 1. Rows that name their picture in the same way are never parted; rows
 * that cannot be parsed go by their line.
 */
export function shardOf(row: BatchRow | FailedRow, count: number): number {
  const key = 'image' in row ? `image ${row.image}` : `line ${row.line}`;
  return (createHash('sha256').update(key).digest().readUIntBE(0, 6) % count) + 1;
}
