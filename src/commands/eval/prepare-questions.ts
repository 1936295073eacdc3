import { once } from 'node:events';
import { questionLine } from '../../eval/benchmark.js';
import { findBenchmark } from '../../eval/benchmarks/registry.js';
import { sampleRows } from '../../eval/sample-rows.js';
import { writeWholeFile } from '../../files/write-whole-file.js';
import type { CommandContext } from '../command-context.js';
import type { PrepareFlags } from './eval-flags.js';

/** Writes a benchmark's question file, made from its published files. */
export async function prepareQuestions(
  name: string,
  { data, output, limit }: PrepareFlags,
  { io, signal }: CommandContext,
): Promise<void> {
  const benchmark = findBenchmark(name);
  const rows = limit === undefined ? benchmark.rows(data) : sampleRows(benchmark, data, limit);
  if (output === '-') {
    for await (const row of rows) {
      signal.throwIfAborted();
      if (!io.stdout.write(questionLine(row))) await once(io.stdout, 'drain');
    }
    return;
  }
  const lines: Buffer[] = [];
  for await (const row of rows) {
    signal.throwIfAborted();
    lines.push(Buffer.from(questionLine(row)));
  }
  await writeWholeFile(output, Buffer.concat(lines));
  io.stderr.write(`${lines.length} questions in ${output}\n`);
}
