import { Option, type Command } from 'commander';
import type { CommandContext } from '../command-context.js';
import {
  addCacheOptions,
  addDeviceOptions,
  addKeepOption,
  addFetchOptions,
  addSamplingOptions,
  addWeightOptions,
} from '../options/option-groups.js';
import { shardOrAuto, wholeNumber } from '../options/option-parsers.js';
import { addServerOptions } from '../options/server-options.js';
import { addPartOptions, addPictureOptions } from '../options/picture-options.js';
import { addQuestionOptions } from '../options/add-question-options.js';
import type { GivenBatchFlags, MergeFlags } from './batch-flags.js';

const EXAMPLES = `
Examples:
  llava batch questions.jsonl -o answers.jsonl
  llava batch questions.jsonl -o answers.jsonl --resume
  llava batch question.jsonl --image-folder coco/val2017 --format short > answers.jsonl
  llava batch questions.jsonl --dry-run
  llava batch questions.jsonl -o answers.jsonl --shard auto --resume
  llava batch merge questions.jsonl 'answers.*-of-8.jsonl' -o answers.jsonl
  llava batch --pictures photos/ --question "What is it?" -o answers.jsonl
`;

/** `llava batch`: rows of questions in, rows of answers out. */
export function addBatchCommand(program: Command, context: CommandContext): void {
  const command = program
    .command('batch')
    .description('answer rows of JSONL, grouped by picture, in order, resumable')
    .argument('[input]', 'a file of rows; stdin by default or with -', '-')
    .option('-o, --output <file>', 'a file for the answers; - is stdout', '-');
  addRunOptions(command);
  addPictureSourceOptions(command);
  addQuestionOptions(command);
  addWeightOptions(command);
  addDeviceOptions(command);
  addKeepOption(command);
  addServerOptions(command);
  addCacheOptions(command);
  addSamplingOptions(command);
  addPartOptions(command);
  addPictureOptions(command);
  command.addHelpText('after', EXAMPLES).action(async (input: string, given: GivenBatchFlags) => {
    const { settleShard } = await import('./settle-shard.js');
    const flags = settleShard(given, context.io);
    if (flags.dryRun === true) {
      const { checkRows } = await import('./check-rows.js');
      context.finish(await checkRows(input, flags, context));
      return;
    }
    const { answerRows } = await import('./answer-rows.js');
    context.finish(await answerRows(input, flags, context));
  });
  command
    .command('merge')
    .description('join the outputs of all shards, in the order of the input')
    .argument('<input>', 'the rows that were answered')
    .argument('<part...>', 'the finished outputs of all shards in order, or a quoted pattern')
    .option('-o, --output <file>', 'a new file; - is stdout', '-')
    .action(async (input: string, parts: readonly string[], flags: MergeFlags) => {
      const { mergeParts } = await import('./merge-parts.js');
      // commander gives an option of both commands to the outer one.
      const { output } = { ...flags, ...command.opts<MergeFlags>() };
      await mergeParts(input, parts, output, context);
    });
}

function addRunOptions(command: Command): void {
  command
    .option('--resume', 'continue an earlier run')
    .addOption(new Option('--overwrite', 'start over and replace the output').conflicts('resume'))
    .option('--retry-errors', 'with --resume: retry failed rows')
    .option('--journal <file>', 'journal of answers; default: the output’s name with .journal')
    .option(
      '--parallel <n>',
      'questions at once; default: what fits, up to 8 on a GPU, 1 on a CPU',
      wholeNumber(1, 64),
    )
    .option('--unordered', 'write rows as they finish, not in input order')
    .option('--timings', 'add timings to each row')
    .option('--max-errors <n>', 'stop when more than n rows have failed', wholeNumber(0, 1e9))
    .addOption(new Option('--fail-fast', 'stop at the first row that fails').conflicts('maxErrors'))
    .option(
      '--shard <i/n>',
      'answer only part i of n; auto: as Slurm, Kubernetes, SkyPilot or torchrun say',
      shardOrAuto,
    )
    .option('--shards <n>', 'with --shard auto: the number of all parts', wholeNumber(1, 1e6))
    .option(
      '--verify <n>',
      'with --server: ask about n rows twice, a second server or the --model here, and tell differences',
      wholeNumber(1, 1e9),
    )
    .option('--dry-run', 'check all rows and pictures, without weights');
}

function addPictureSourceOptions(command: Command): void {
  command
    .addOption(
      new Option(
        '--pictures <picture...>',
        'make a row for each picture of these files and folders',
      ).conflicts('imageFolder'),
    )
    .option('--question <text>', 'with --pictures: what to ask about each')
    .option('--recursive', 'with --pictures: take the pictures of folders in folders as well')
    .addOption(
      new Option(
        '--tile',
        'put several pictures of one OpenAI row on one sheet, side by side and numbered',
      ).conflicts('pictures'),
    )
    .option('--image-folder <folder>', 'folder that picture paths start from; default: the current one')
    .option('--restrict-paths', 'refuse paths that lead out of that folder');
  addFetchOptions(command);
}
