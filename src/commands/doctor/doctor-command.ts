import type { Command } from 'commander';
import type { CommandContext } from '../command-context.js';
import type { DoctorFlags } from './find-out.js';

/** `llava doctor`: what this machine can do, and whether it does it right. */
export function addDoctorCommand(program: Command, context: CommandContext): void {
  program
    .command('doctor')
    .description('show versions, devices, memory and weights, and test each device')
    .option('--no-test', 'leave out the self-tests')
    .option('--json', 'one JSON object')
    .action(async (flags: DoctorFlags) => {
      const { examine } = await import('./examine.js');
      context.finish(await examine(flags, context));
    });
}
