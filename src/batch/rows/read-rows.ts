import { createHash } from 'node:crypto';
import type { QuestionDefaults } from '../../answer/question-options.js';
import type { BatchRow, FailedRow } from './batch-row.js';
import { parseRow } from './parse-row.js';
import { readLines } from './read-lines.js';

/** One of `count` parts of a batch, from 1. */
export interface Shard {
  readonly index: number;
  readonly count: number;
}

export interface ReadRowsOptions {
  readonly defaults: QuestionDefaults;
  /** Several pictures in one question are put on one sheet; default: they are an error. */
  readonly tile?: boolean | undefined;
  /** Only the rows of this part. */
  readonly shard?: Shard | undefined;
  /** Longest line, in bytes. */
  readonly maxLineBytes?: number | undefined;
}

/** The rows of a JSONL stream, one by one, in order; lines that are no rows come as failed ones. */
export async function* readRows(
  chunks: AsyncIterable<Uint8Array>,
  { defaults, tile, shard, maxLineBytes }: ReadRowsOptions,
): AsyncGenerator<BatchRow | FailedRow> {
  for await (const line of readLines(chunks, maxLineBytes)) {
    const row = parseRow(line, defaults, tile);
    if (shard === undefined || shardOf(row, shard.count) === shard.index) yield row;
  }
}

/**
 * The shard of `count` that a row belongs to, from 1. Rows that name their picture in the same way are never parted; rows
 * that cannot be parsed, or only with --tile, go by their line.
 */
export function shardOf(row: BatchRow | FailedRow, count: number): number {
  const key = 'image' in row && row.beside === undefined ? `image ${row.image}` : `line ${row.line}`;
  return (createHash('sha256').update(key).digest().readUIntBE(0, 6) % count) + 1;
}
