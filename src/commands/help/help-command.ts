import { Argument, type Command } from 'commander';
import { ExpectedError } from '../../llava/expected-error.js';
import { quote } from '../../llava/quote.js';
import type { CommandContext } from '../command-context.js';
import { TOPICS } from './topics.js';

/** `llava help`: of a command, or what all commands have in common. Added last, since it knows the others. */
export function addHelpCommand(program: Command, { io }: CommandContext): void {
  program.helpCommand(false);
  const subjects = new Argument('[topic...]', 'a command, or what all commands have in common');
  // Shown and completed, not checked: a command's own commands are topics too.
  subjects.argChoices = [...TOPICS.keys(), ...program.createHelp().visibleCommands(program).map(nameOf)];
  program
    .command('help')
    .description('explain a command, or one of: ' + [...TOPICS.keys()].join(', '))
    .addArgument(subjects)
    .action(async (words: readonly string[]) => {
      const write = words.length === 1 ? TOPICS.get(words[0] ?? '') : undefined;
      if (write === undefined) find(words, program).outputHelp();
      else io.stdout.write(await write(io));
    });
}

/** @throws ExpectedError('usage') listing what there is */
function find(words: readonly string[], program: Command): Command {
  let command = program;
  for (const word of words) {
    const next = command.commands.find((one) => one.name() === word);
    if (next === undefined)
      throw new ExpectedError('usage', `There is no help on ${quote(words.join(' '))}.`, {
        hint: `llava help ${[...TOPICS.keys()].join(', llava help ')}, or llava --help for the commands`,
      });
    command = next;
  }
  return command;
}

function nameOf(command: Command): string {
  return command.name();
}
