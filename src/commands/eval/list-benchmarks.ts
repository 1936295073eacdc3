import { PUBLISHED_MODELS, type Benchmark, type PublishedModel } from '../../eval/benchmark.js';
import { BENCHMARKS, findBenchmark } from '../../eval/benchmarks/registry.js';
import { formatTable } from '../../terminal/table.js';
import { writeJson } from '../../terminal/io.js';
import type { CommandContext } from '../command-context.js';
import type { ListFlags } from './eval-flags.js';

/** Those of the paper's table. */
const MODELS: readonly PublishedModel[] = ['7B', '13B', '7B LoRA', '13B LoRA', '13B-HD'];

/** Shows what benchmarks there are, what each needs, and what was published. */
export function listBenchmarks(names: readonly string[], flags: ListFlags, { io }: CommandContext): void {
  const benchmarks = names.length === 0 ? BENCHMARKS : names.map(findBenchmark);
  if (flags.json === true) {
    writeJson(io, benchmarks.map(describe));
    return;
  }
  const head = ['NAME', 'BENCHMARK', 'SCORED BY', ...MODELS.map((model) => model.toUpperCase()), 'LICENCE'];
  io.stdout.write(formatTable([head, ...benchmarks.map(summaryLine)]));
  for (const benchmark of benchmarks) io.stdout.write(`\n${details(benchmark)}`);
  io.stderr.write('Next: llava eval run NAME --data FOLDER -o answers.jsonl\n');
}

/** The headline's published figures. */
function summaryLine({ name, title, scoredBy, published, licence }: Benchmark): readonly string[] {
  const [figures = {}] = Object.values(published);
  return [name, title, scoredBy, ...MODELS.map((model) => figures[model]?.toFixed(1) ?? '-'), licence];
}

function details(benchmark: Benchmark): string {
  const { name, title, measure, files, published, publishedIn, decoding, remarks } = benchmark;
  const figures = Object.entries(published).map(([figure, values]) => {
    const told = PUBLISHED_MODELS.flatMap((model) => {
      const value = values[model];
      return value === undefined ? [] : [`${model} ${value.toFixed(1)}`];
    });
    return `${figure}: ${told.join(', ')}`;
  });
  const drawn = decoding.temperature === 0 ? 'greedy' : `temperature ${decoding.temperature}`;
  return [
    `${name}: ${title}, ${measure}\n`,
    formatTable(files.map(({ names, holds, needed, from }) => [`  ${names[0] ?? ''}`, needed, holds, from])),
    `  answers: ${drawn}, up to ${decoding.maxTokens} tokens\n`,
    ...figures.map((line) => `  published: ${line}\n`),
    figures.length > 0 ? `  published in: ${publishedIn}\n` : `  published: ${publishedIn}\n`,
    ...remarks.map((remark) => `  ${remark}\n`),
  ].join('');
}

function describe(benchmark: Benchmark): unknown {
  const { name, title, measure, scoredBy, licence, decoding, files, published, publishedIn, remarks } =
    benchmark;
  return { name, title, measure, scoredBy, licence, decoding, files, published, publishedIn, remarks };
}
