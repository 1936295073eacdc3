import { formatBytes } from '../../llava/format.js';
import { writeJson } from '../../terminal/io.js';
import { findModel, listModels } from '../../weights/catalogue.js';
import { removeModel } from '../../weights/store/index.js';
import type { CommandContext } from '../command-context.js';
import { catalogueOf, hubSettings } from '../../opening/environment.js';
import type { JsonFlag } from '../options/option-groups.js';

/** Removes a model's files from the cache and says what that freed. */
export async function removeWeights(name: string, flags: JsonFlag, context: CommandContext): Promise<void> {
  const model = findModel(name, catalogueOf(context.io.env));
  const removed = await removeModel(
    model,
    await hubSettings(context.io.env),
    listModels(catalogueOf(context.io.env)),
  );
  if (flags.json === true) writeJson(context.io, { name: model.name, ...removed });
  else if (removed.freedBytes === 0) context.io.stderr.write(`${model.name} has no files of its own here.\n`);
  else context.io.stderr.write(`${model.name} removed: ${formatBytes(removed.freedBytes)} freed.\n`);
}
