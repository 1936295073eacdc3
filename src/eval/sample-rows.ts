import { createHash } from 'node:crypto';
import type { Benchmark, EvalRow } from './benchmark.js';

/**
 * A part of a benchmark's rows in their order, the same one each time, and a larger part has all of a smaller one.
 * Rows that are scored together (MME's two questions on a picture, MMBench's turns of one question) stay together, so
 * there may be a few more or less. Rows are drawn by a hash, since every second one is a "yes" in some benchmarks.
 * @param limit about how many rows
 */
export async function* sampleRows(
  benchmark: Benchmark,
  folder: string,
  limit: number,
): AsyncGenerator<EvalRow> {
  const sizes = new Map<string, number>();
  for await (const row of benchmark.rows(folder)) {
    if (row.picture === undefined) continue;
    const unit = unitOf(benchmark, row);
    sizes.set(unit, (sizes.get(unit) ?? 0) + 1);
  }
  const drawn = drawUnits(sizes, limit);
  for await (const row of benchmark.rows(folder))
    if (row.picture !== undefined && drawn.has(unitOf(benchmark, row))) yield row;
}

function drawUnits(sizes: ReadonlyMap<string, number>, limit: number): ReadonlySet<string> {
  const order = [...sizes]
    .map(([unit, size]) => ({ unit, size, hash: createHash('sha256').update(unit).digest('hex') }))
    .sort((a, b) => (a.hash < b.hash ? -1 : 1));
  const drawn = new Set<string>();
  let rows = 0;
  for (const { unit, size } of order) {
    if (rows >= limit) break;
    drawn.add(unit);
    rows += size;
  }
  return drawn;
}

function unitOf(benchmark: Benchmark, row: EvalRow): string {
  return benchmark.unitOf?.(row) ?? String(row.questionId);
}
