import type { Command } from 'commander';
import type { CommandContext } from '../command-context.js';
import {
  addCacheOptions,
  addDeviceOptions,
  addPictureOptions,
  addSamplingOptions,
  addWeightOptions,
} from '../options/option-groups.js';
import { decimalNumber } from '../options/option-parsers.js';
import { addQuestionOptions } from '../options/add-question-options.js';
import type { AskFlags } from './ask-request.js';

const EXAMPLES = `
Examples:
  llava ask "What color is the car?" street.jpg
  llava ask --format short "Is it raining?" *.jpg
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
    .description('ask one question about one picture or many')
    .argument('<question>', 'what to ask')
    .argument('<picture...>', 'files of pictures; - is the picture on stdin');
  addQuestionOptions(command);
  command
    .option(
      '--at-least <p>',
      'with --yes-no: exit with 0 when yes is that probable, else 1',
      decimalNumber(0, 1),
    )
    .option('--logprobs', 'with --json: how probable each token of the answer was');
  addWeightOptions(command);
  addDeviceOptions(command);
  addCacheOptions(command);
  addSamplingOptions(command);
  addPictureOptions(command);
  command
    .option('--json', 'one JSON object a picture, on a line of its own')
    .option('--draw <file>', 'the picture with its marks, region and the box of the answer, as a PNG')
    .option('--exit-status', 'answer by exit code too: 0 is yes, 1 is no')
    .option('--stats', 'counts and times on stderr')
    .addHelpText('after', EXAMPLES)
    .action(async (question: string, pictures: readonly string[], flags: AskFlags) => {
      const [{ resolveAskRequest }, { askPictures }] = await Promise.all([
        import('./ask-request.js'),
        import('./ask-pictures.js'),
      ]);
      context.finish(await askPictures(resolveAskRequest(question, pictures, flags), context));
    });
}
