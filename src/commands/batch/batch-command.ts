import { Option, type Command } from 'commander';
import type { CommandContext } from '../command-context.js';
import {
  addCacheOptions,
  addDeviceOptions,
  addPictureOptions,
  addSamplingOptions,
  addWeightOptions,
} from '../options/option-groups.js';
import { collect, shard, wholeNumber } from '../options/option-parsers.js';
import { addQuestionOptions } from '../options/add-question-options.js';
import type { BatchFlags, MergeFlags } from './batch-flags.js';

const EXAMPLES = `
Examples:
  llava batch questions.jsonl -o answers.jsonl
  llava batch questions.jsonl -o answers.jsonl --resume
  llava batch question.jsonl --image-folder coco/val2017 --format short > answers.jsonl
  llava batch questions.jsonl --dry-run
`;

/** `llava batch`: rows of questions in, rows of answers out. */
export function addBatchCommand(program: Command, context: CommandContext): void {
  const command = program
    .command('batch')
    .description('answer rows of JSONL: grouped by picture, in order, resumable')
    .argument('[input]', 'a file of rows; - or nothing is stdin', '-')
    .option('-o, --output <file>', 'a file for the answers; - is stdout', '-');
  addRunOptions(command);
  addPictureSourceOptions(command);
  addQuestionOptions(command);
  addWeightOptions(command);
  addDeviceOptions(command);
  addCacheOptions(command);
  addSamplingOptions(command);
  addPictureOptions(command);
  command.addHelpText('after', EXAMPLES).action(async (input: string, flags: BatchFlags) => {
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
    .description('put the outputs of all shards together again, in the order of the input')
    .argument('<input>', 'the rows that were answered')
    .argument('<part...>', 'the finished outputs of shard 1 of n, 2 of n, …')
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
    .option('--resume', 'go on where an earlier run stopped')
    .addOption(new Option('--overwrite', 'start again, over what is there').conflicts('resume'))
    .option('--retry-errors', 'with --resume: try again what failed')
    .option('--journal <file>', 'where answers are noted; default: the output and .journal')
    .option(
      '--parallel <n>',
      'questions side by side; default: what fits, up to 8 on a GPU, 1 on a CPU',
      wholeNumber(1, 64),
    )
    .option('--unordered', 'rows as they come, not in the order of the input')
    .option('--timings', 'rows tell how long they took')
    .option('--max-errors <n>', 'stop when more rows have failed', wholeNumber(0, 1e9))
    .addOption(new Option('--fail-fast', 'stop at the first row that fails').conflicts('maxErrors'))
    .option('--shard <i/n>', 'only the i-th of n parts; pictures are never parted', shard)
    .option('--dry-run', 'check all rows and pictures without weights');
}

function addPictureSourceOptions(command: Command): void {
  command
    .option('--image-folder <folder>', 'where paths of pictures start; default: here')
    .option('--restrict-paths', 'refuse paths that lead out of that folder')
    .option('--allow-urls [host...]', 'fetch pictures from the web, or only from these hosts')
    .option('--allow-private-host <host>', 'a host that may be in a private network; once for each', collect);
}
