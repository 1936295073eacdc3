import { Option, type Command } from 'commander';
import { RESPONSE_FORMATS } from '../../llava/response-format.js';
import { PREVIEW_KINDS } from '../../terminal/preview/preview-kind.js';
import type { CommandContext } from '../command-context.js';
import {
  addCacheOptions,
  addDeviceOptions,
  addKeepOption,
  addNamingOptions,
  addSamplingOptions,
  addTileOption,
  addWeightOptions,
} from '../options/option-groups.js';
import { addServerOptions } from '../options/server-options.js';
import { addPartsOptions, addPictureOptions } from '../options/picture-options.js';
import type { ChatFlags } from './chat-start.js';

const EXAMPLES = `
Examples:
  llava chat street.jpg
  llava chat photos/ --recursive
  llava chat                                          then drop a picture on the terminal
  echo "What color is the car?" | llava chat street.jpg
`;

/** `llava chat`: an interface where there is a terminal, line by line elsewhere. */
export function addChatCommand(program: Command, context: CommandContext): void {
  const command = program
    .command('chat')
    .description('talk about pictures: ask, follow up, switch')
    .argument('[picture...]', 'picture files, folders and web addresses; the chat begins with the first')
    .addOption(
      new Option('-f, --format <format>', 'the kind of answers').choices(
        Object.keys(RESPONSE_FORMATS).filter((format) => format !== 'letter'),
      ),
    )
    .option('--system <text>', 'system text, instead of the one used in training');
  addWeightOptions(command);
  addDeviceOptions(command);
  addKeepOption(command);
  addServerOptions(command);
  addCacheOptions(command);
  addSamplingOptions(command);
  addPartsOptions(command);
  addPictureOptions(command);
  addNamingOptions(command);
  addTileOption(command);
  command
    .addOption(
      new Option('--preview <kind>', 'how pictures are shown').choices(PREVIEW_KINDS).default('auto'),
    )
    .option('--plain', 'line by line, even on a terminal')
    .addHelpText('after', EXAMPLES)
    .action(async (pictures: readonly string[], flags: ChatFlags) => {
      const { chat } = await import('./start-chat.js');
      context.finish(await chat(pictures, flags, context));
    });
}
