import type { Command } from 'commander';
import type { CommandContext } from '../command-context.js';
import { addDeviceOptions, addWeightOptions } from '../options/option-groups.js';
import { addPartOptions, addPictureOptions } from '../options/picture-options.js';
import type { FeaturesFlags } from './write-features.js';

/** `llava features`: a picture's image features as a NumPy file. */
export function addFeaturesCommand(program: Command, context: CommandContext): void {
  const command = program
    .command('features')
    .description('write the image features of a picture: float32 [tokens, width], as .npy')
    .argument('<picture>', 'a file; - is the picture on stdin')
    .requiredOption('-o, --output <file>', 'the .npy file to write; - is stdout');
  addWeightOptions(command);
  addDeviceOptions(command);
  addPartOptions(command);
  addPictureOptions(command);
  command.action(async (picture: string, flags: FeaturesFlags) => {
    const { writeFeatures } = await import('./write-features.js');
    await writeFeatures(picture, flags, context);
  });
}
