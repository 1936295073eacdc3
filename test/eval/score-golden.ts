import { findBenchmark } from '../../src/eval/benchmarks/registry.js';
import { compareWithPublished } from '../../src/eval/report.js';
import { readAnswers } from '../../src/eval/files/read-answers.js';

/**
 * Scores an answer file against a benchmark's folder and holds its prompts against those we would ask:
 * `npx tsx test/eval/score-golden.ts <benchmark> <folder> <answers.jsonl>`
 */
const [name = '', folder = '', path = ''] = process.argv.slice(2);
const benchmark = findBenchmark(name);
const answers = await readAnswers(path);

const start = performance.now();
const result = await benchmark.score?.(folder, answers);
if (result === undefined) throw new Error(`${name} is scored by a ${benchmark.scoredBy}`);
const ms = performance.now() - start;
for (const { name: figure, value, unit, right, total, interval } of [result.headline, ...result.figures]) {
  const range = interval === undefined ? '' : ` [${interval.map((end) => end.toFixed(2)).join(', ')}]`;
  const share = right === undefined ? `of ${total}` : `${right}/${total}`;
  process.stdout.write(`${figure}: ${value.toFixed(2)} ${unit} (${share})${range}\n`);
}
for (const { figure, model, published, inside } of compareWithPublished(result, benchmark))
  process.stdout.write(
    `  beside ${model} ${figure.name}: ${published} ${inside === undefined ? 'no interval' : inside ? 'inside' : 'outside'}\n`,
  );
for (const note of result.notes) process.stdout.write(`note: ${note}\n`);

const asked: string[] = [];
for await (const row of benchmark.rows(folder)) asked.push(`${row.questionId}\n${row.prompt}`);
const known = new Set(asked);
const same = answers.answers.filter(({ questionId, prompt }) => known.has(`${questionId}\n${prompt}`)).length;
process.stdout.write(`prompts equal: ${same} of ${answers.answers.length}; rows: ${asked.length}\n`);
process.stdout.write(`scored ${answers.answers.length} answers in ${ms.toFixed(0)} ms\n`);
