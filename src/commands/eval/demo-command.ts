import type { Command } from 'commander';
import type { CommandContext } from '../command-context.js';
import { addDeviceOptions, addWeightOptions } from '../options/option-groups.js';
import { wholeNumber } from '../options/option-parsers.js';
import type { DemoFlags } from './eval-flags.js';

/** `llava eval demo`: fresh pictures of the demo world, their questions, and which answers were wrong. */
export function addEvalDemoCommand(parent: Command, context: CommandContext): void {
  const command = parent
    .command('demo')
    .description('test the demo model on freshly drawn shapes, offline')
    .option('--seed <n>', 'seed that decides which pictures are drawn', wholeNumber(0, 2 ** 32 - 1), 0)
    .option('--scenes <n>', 'how many pictures', wholeNumber(1, 1000), 20)
    .option('--misses <n>', 'how many wrong answers to list', wholeNumber(0, 1e9), 20)
    .option('--html <file>', 'write a page with pictures, answers and misses')
    .option('--json', 'the result as one JSON document');
  addWeightOptions(command);
  addDeviceOptions(command);
  command.action(async (flags: DemoFlags) => {
    const { evaluateDemo } = await import('./evaluate-demo.js');
    // Its pictures are the demo model's world: other weights only when the command line itself names them.
    const isNamed = command.getOptionValueSource('model') === 'cli' || flags.gguf !== undefined;
    context.finish(await evaluateDemo(isNamed ? flags : { ...flags, model: 'demo' }, context));
  });
}
