import { Option, type Command } from 'commander';
import type { CommandContext } from '../command-context.js';
import { addEvalDemoCommand } from './demo-command.js';
import {
  addCacheOptions,
  addDeviceOptions,
  addLengthOption,
  addWeightOptions,
} from '../options/option-groups.js';
import { addServerOptions } from '../options/server-options.js';
import { wholeNumber } from '../options/option-parsers.js';
import type { CompareFlags, ListFlags, PrepareFlags, RunFlags, ScoreFlags } from './eval-flags.js';

const EXAMPLES = `
Examples:
  llava eval list
  llava eval run pope --data pope -o pope-answers.jsonl --compare
  llava eval score scienceqa --data scienceqa --answers answers.jsonl
  llava eval compare 7b 7b-q8_0 --questions questions.jsonl
  llava eval demo
`;

/** `llava eval`: the benchmarks of the paper, asked and scored as its authors do. */
export function addEvalCommand(program: Command, context: CommandContext): void {
  const command = program
    .command('eval')
    .description('score weights: the paper’s benchmarks from their own files, or the demo world')
    .addHelpText('after', EXAMPLES);
  addList(command, context);
  addPrepare(command, context);
  addRun(command, context);
  addScore(command, context);
  addCompare(command, context);
  addEvalDemoCommand(command, context);
}

function addList(command: Command, context: CommandContext): void {
  command
    .command('list')
    .description('list the benchmarks: files, where they are published, licences, published figures')
    .argument('[benchmark...]', 'only these')
    .option('--json', 'as one JSON document')
    .action(async (names: readonly string[], flags: ListFlags) => {
      const { listBenchmarks } = await import('./list-benchmarks.js');
      listBenchmarks(names, flags, context);
    });
}

function addPrepare(command: Command, context: CommandContext): void {
  addData(command.command('prepare').description('write the questions as in the authors’ question file'))
    .option('-o, --output <file>', 'a file for the questions; - is stdout', '-')
    .addOption(limitOption())
    .action(async (name: string, flags: PrepareFlags) => {
      const { prepareQuestions } = await import('./prepare-questions.js');
      await prepareQuestions(name, flags, context);
    });
}

function addRun(command: Command, context: CommandContext): void {
  const run = addData(
    command.command('run').description('answer a benchmark’s questions and score the answers'),
  )
    .requiredOption('-o, --output <file>', 'a file for the answers')
    .addOption(limitOption())
    .option('--resume', 'continue an earlier run')
    .addOption(new Option('--overwrite', 'start over and replace the output').conflicts('resume'))
    .option('--retry-errors', 'with --resume: retry failed rows')
    .option('--parallel <n>', 'questions at once; default: what fits', wholeNumber(1, 64));
  addWeightOptions(run);
  addDeviceOptions(run);
  addServerOptions(run);
  addCacheOptions(run);
  addResultOptions(run).action(async (name: string, flags: RunFlags) => {
    const { runBenchmark } = await import('./run-benchmark.js');
    context.finish(await runBenchmark(name, flags, context));
  });
}

function addScore(command: Command, context: CommandContext): void {
  const score = addData(command.command('score').description('score answers from any program'))
    .addOption(new Option('--answers <file>', 'JSONL of question_id, prompt, text').conflicts('reviews'))
    .option('--reviews <file...>', 'a judge’s reviews of them; several files are several runs')
    .option('--sample', 'score a partial set of answers');
  addResultOptions(score).action(async (name: string, flags: ScoreFlags) => {
    const { scoreFiles } = await import('./score-answers.js');
    await scoreFiles(name, flags, context);
  });
}

function addCompare(command: Command, context: CommandContext): void {
  const compare = command
    .command('compare')
    .description('ask two models, quantisations or settings the same questions and tell how they differ')
    .argument('<a>', 'a model of the catalogue, a folder or a .gguf file, with settings: 7b,image-tokens=144')
    .argument('<b>', 'the other one')
    .option('--questions <file>', 'rows as llava batch takes them; "expected" says what is right')
    .addOption(new Option('--benchmark <name>', 'or a benchmark of llava eval list').conflicts('questions'))
    .option('--data <folder>', 'the folder of the benchmark’s files')
    .addOption(limitOption())
    .option('-o, --output <folder>', 'keep both files of answers there')
    .addOption(new Option('--resume', 'with -o: continue an earlier comparison'))
    .option('--parallel <n>', 'questions at once; default: what fits', wholeNumber(1, 64))
    .option('--json', 'the result as one JSON document');
  addDeviceOptions(compare);
  addCacheOptions(compare);
  addLengthOption(compare).action(async (first: string, second: string, flags: CompareFlags) => {
    const { compareModels } = await import('./compare-models.js');
    context.finish(await compareModels([first, second], flags, context));
  });
}

function addData(command: Command): Command {
  return command
    .argument('<benchmark>', 'a name from llava eval list')
    .requiredOption('--data <folder>', 'the folder of the benchmark’s files');
}

function addResultOptions(command: Command): Command {
  return command
    .option('--write <folder>', 'a folder for the files that a server, a judge or an official script needs')
    .option('--compare', 'show the published figures too, with a 95 % interval')
    .option('--json', 'the result as one JSON document');
}

function limitOption(): Option {
  return new Option('--limit <n>', 'ask about n questions, the same sample each time').argParser(
    wholeNumber(1, 1e9),
  );
}
