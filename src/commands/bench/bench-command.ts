import { Option, type Command } from 'commander';
import { DEVICE_KINDS } from '../../engine/devices/device-kind.js';
import type { CommandContext } from '../command-context.js';
import { addWeightOptions } from '../options/option-groups.js';
import { wholeNumber } from '../options/option-parsers.js';
import type { BenchFlags } from './run-bench.js';

const EXAMPLES = `
Kinds of work: start (no weights), once (one question, cold), again (with what --cache keeps), pruned (144 image tokens),
many (questions on pictures), chat (turn 2), demo (a batch of the demo model).

Examples:
  llava bench --only once,again
  llava bench --gguf model.gguf --mmproj mmproj.gguf --mtmd-cli build/bin/llama-mtmd-cli
`;

/** `llava bench`: how fast it is here, beside llama.cpp's own programs on the same files. */
export function addBenchCommand(program: Command, context: CommandContext): void {
  const command = program
    .command('bench')
    .description(
      'measure this machine: start-up, one question, many, a chat; alongside llama.cpp’s own programs',
    );
  addWeightOptions(command);
  command
    .option('--mtmd-cli <file>', 'path of llama-mtmd-cli, to compare with')
    .option('--server <file>', 'path of llama-server, to compare with')
    .addOption(
      new Option('--only <works>', 'kinds of work, separated by commas').argParser((text: string) =>
        text.split(','),
      ),
    )
    .addOption(
      new Option('--device <device>', 'device, for all programs compared')
        .choices(DEVICE_KINDS)
        .default('cpu'),
    )
    .option('--threads <n>', 'CPU threads; default: its cores', wholeNumber(1, 1024))
    .option('--runs <n>', 'how often each work is measured', wholeNumber(1, 1000), 3)
    .option('--pictures <n>', 'pictures of the work "many"', wholeNumber(1, 1000), 2)
    .option('--questions <n>', 'questions about each of them', wholeNumber(1, 1000), 5)
    .option('--tokens <n>', 'longest answer', wholeNumber(2, 10_000), 16)
    .option('--demo-rows <n>', 'rows of the work "demo"', wholeNumber(1, 50_000), 10_000)
    .option('--json', 'every measured value, as JSON')
    .addHelpText('after', EXAMPLES)
    .action(async (flags: BenchFlags) => {
      const { bench } = await import('./run-bench.js');
      await bench(flags, context);
    });
}
