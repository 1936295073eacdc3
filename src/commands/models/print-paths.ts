import { ExpectedError } from '../../llava/expected-error.js';
import { quote } from '../../llava/quote.js';
import { writeJson } from '../../terminal/io.js';
import { findModel } from '../../weights/catalogue.js';
import { filesOnDisk } from '../../opening/find-weights.js';
import type { CommandContext } from '../command-context.js';
import { catalogueOf } from '../../opening/environment.js';
import type { JsonFlag } from '../options/option-groups.js';

/** Prints the paths of a model's two files, for other programs. */
export async function printPaths(
  name: string | undefined,
  flags: JsonFlag,
  context: CommandContext,
): Promise<void> {
  const model = findModel(name, catalogueOf(context.io.env));
  const files = await filesOnDisk(model, context.io.env);
  if (files === undefined)
    throw new ExpectedError('weights', `The weights ${quote(model.name)} are not on this machine.`, {
      hint: `llava pull ${model.name}`,
    });
  if (flags.json === true) writeJson(context.io, { name: model.name, ...files });
  else context.io.stdout.write(`${files.model}\n${files.mmproj}\n`);
}
