import type { Command } from 'commander';
import type { CommandContext } from '../command-context.js';
import type { JsonFlag } from '../options/option-groups.js';
import type { StopFlags } from './stop-kept.js';

/** `llava ps` and `llava stop`, and what `--keep` starts in the background. */
export function addKeptCommands(program: Command, context: CommandContext): void {
  program
    .command('ps')
    .description('list the engines that --keep keeps')
    .option('--json', 'as JSON')
    .action(async (flags: JsonFlag) => {
      const { listKept } = await import('./list-kept.js');
      await listKept(flags, context);
    });
  program
    .command('stop')
    .description('end a kept engine before its time')
    .argument('[model]', 'which one; needed where several are kept')
    .option('--all', 'end all of them')
    .action(async (model: string | undefined, flags: StopFlags) => {
      const { stopKept } = await import('./stop-kept.js');
      await stopKept(model, flags, context);
    });
  program.command('keep-engine', { hidden: true }).action(async () => {
    const { keepEngine } = await import('./keep-engine.js');
    await keepEngine(context);
  });
}
