import type { Command } from 'commander';
import type { CommandContext } from '../command-context.js';
import {
  addCacheOptions,
  addDeviceOptions,
  addFetchOptions,
  addKeepOption,
  addNamingOptions,
  addSamplingOptions,
  addTileOption,
  addWeightOptions,
} from '../options/option-groups.js';
import { addPartsOptions, addPictureOptions } from '../options/picture-options.js';
import { decimalNumber } from '../options/option-parsers.js';
import { addServerOptions } from '../options/server-options.js';
import { addQuestionOptions } from '../options/add-question-options.js';
import type { AskFlags } from './ask-request.js';

const EXAMPLES = `
Examples:
  llava ask "What color is the car?" street.jpg
  llava ask --format short "Is it raining?" *.jpg
  llava ask --format short "Is it raining?" photos/ --recursive
  llava ask "Which animal is it?" pet.png --choice cat --choice dog
  llava ask --yes-no --at-least 0.8 "Is it raining?" street.jpg
  llava ask --labels cat,dog,bird --probabilities "Which animal is it?" pet.png
  llava ask --schema shape.json "Describe the largest shape." shapes.png
  llava ask --region 40,60,200,180 "" street.jpg
  curl -s URL | llava ask "What is this?" -
`;

/** `llava ask`: one question, one picture or many; grep's order of arguments. */
export function addAskCommand(program: Command, context: CommandContext): void {
  const command = program
    .command('ask')
    .description('ask a question about one or more pictures')
    .argument('<question>', 'what to ask')
    .argument('[picture...]', 'picture files, folders and web addresses; - reads a picture from stdin');
  addQuestionOptions(command);
  command
    .option(
      '--at-least <p>',
      'with --yes-no: exit with 0 if yes is at least this probable, else 1',
      decimalNumber(0, 1),
    )
    .option('--logprobs', 'with --json: the log-probability of each token of the answer');
  addWeightOptions(command);
  addDeviceOptions(command);
  addKeepOption(command);
  addServerOptions(command);
  addCacheOptions(command);
  addSamplingOptions(command);
  addPartsOptions(command);
  addPictureOptions(command);
  addNamingOptions(command);
  addFetchOptions(command);
  addTileOption(command);
  command
    .option('--json', 'one JSON object per picture, one per line')
    .option('--draw <file>', 'write the picture with marks, region and box as a PNG')
    .option('--exit-status', 'exit with 0 for yes and 1 for no')
    .option('--stats', 'print counts and times to stderr')
    .addHelpText('after', EXAMPLES)
    .action(async (question: string, pictures: readonly string[], flags: AskFlags) => {
      const [{ resolveAskRequest }, { askPictures }] = await Promise.all([
        import('./ask-request.js'),
        import('./ask-pictures.js'),
      ]);
      context.finish(await askPictures(resolveAskRequest(question, pictures, flags), context));
    });
}
