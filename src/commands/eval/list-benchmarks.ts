import type { Benchmark } from '../../eval/benchmark.js';
import { BENCHMARKS, findBenchmark } from '../../eval/benchmarks/registry.js';
import {
  formatPublished,
  publishedFigures,
  UNNAMED_FIGURES,
  type PublishedModel,
} from '../../eval/published.js';
import { groupBy } from '../../eval/group-by.js';
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
  if (names.length === 0) io.stdout.write(`\n${UNNAMED_FIGURES}`);
  io.stderr.write('Next: llava eval run NAME --data FOLDER -o answers.jsonl\n');
}

/** The headline's published figures. */
function summaryLine(benchmark: Benchmark): readonly string[] {
  const { name, title, scoredBy, licence } = benchmark;
  const figures = publishedFigures(benchmark);
  const headline = figures.filter(({ figure }) => figure === figures[0]?.figure);
  const cells = MODELS.map((wanted) => {
    const found = headline.find(({ model }) => model === wanted);
    return found === undefined ? '-' : formatPublished(found);
  });
  return [name, title, scoredBy, ...cells, licence];
}

function details(benchmark: Benchmark): string {
  const { name, title, measure, files, publishedIn, decoding, remarks } = benchmark;
  const figures = groupBy(publishedFigures(benchmark), ({ figure }) => figure).map(([figure, values]) => {
    const told = values.map((one) => {
      const value = `${one.model} ${formatPublished(one)}`;
      return one.detail === undefined ? value : `${value} (${one.detail})`;
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
  const { name, title, measure, scoredBy, licence, decoding, files, remarks } = benchmark;
  const { published, alsoPublished = [], publishedIn } = benchmark;
  const figures = { published, alsoPublished, publishedIn };
  return { name, title, measure, scoredBy, licence, decoding, files, ...figures, remarks };
}
