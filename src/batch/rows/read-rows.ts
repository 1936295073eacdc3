import type { BatchRow, FailedRow, RowDefaults } from './batch-row.js';
import { parseRow } from './parse-row.js';
import { readLines } from './read-lines.js';
import { shardOf, type Shard } from './shard.js';

export interface ReadRowsOptions {
  readonly defaults: RowDefaults;
  /** Only the rows of this part. */
  readonly shard?: Shard | undefined;
  /** Longest line, in bytes. */
  readonly maxLineBytes?: number | undefined;
}

/** The rows of a JSONL stream, one by one, in order; lines that are no rows come as failed ones. */
export async function* readRows(
  chunks: AsyncIterable<Uint8Array>,
  { defaults, shard, maxLineBytes }: ReadRowsOptions,
): AsyncGenerator<BatchRow | FailedRow> {
  for await (const line of readLines(chunks, maxLineBytes)) {
    const row = parseRow(line, defaults);
    if (shard === undefined || shardOf(row, shard.count) === shard.index) yield row;
  }
}
