import { Option, type Command } from 'commander';
import type { CommandContext } from '../command-context.js';
import {
  addCacheOptions,
  addDeviceOptions,
  addFetchOptions,
  addKeepOption,
  addLengthOption,
  addWeightOptions,
} from '../options/option-groups.js';
import { collect, duration } from '../options/option-parsers.js';
import type { McpFlags } from './mcp-flags.js';

const EXAMPLES = `
Examples:
  claude mcp add llava -- llava mcp --model 7b
  llava mcp --model 7b --allow ~/Pictures --idle 1h
`;

/** Agents keep their servers all day, and memory is needed for other things. */
const DEFAULT_IDLE_MS = 600_000;

/** `llava mcp`: tools for agents, over the Model Context Protocol. */
export function addMcpCommand(program: Command, context: CommandContext): void {
  const command = program
    .command('mcp')
    .description('give agents tools to look at pictures (Model Context Protocol, on stdin and stdout)')
    .option(
      '--allow <folder>',
      'open pictures in this folder as well as in the client’s; repeatable',
      collect,
    )
    .addOption(
      new Option('--idle <time>', 'let go of the weights when unused for that long, such as 30m')
        .argParser(duration)
        .default(DEFAULT_IDLE_MS, '10m'),
    );
  addFetchOptions(command);
  addWeightOptions(command);
  addDeviceOptions(command);
  addKeepOption(command);
  addCacheOptions(command);
  addLengthOption(command)
    .addHelpText('after', EXAMPLES)
    .action(async (flags: McpFlags) => {
      const { runMcp } = await import('./run-mcp.js');
      await runMcp(flags, context);
    });
}
