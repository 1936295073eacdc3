import { formatBytes } from '../terminal/format.js';
import { writeJson } from '../terminal/io.js';
import { builtInFiles, findModel } from '../weights/catalogue.js';
import { inspectModel } from '../weights/store/index.js';
import type { CommandContext } from './command-context.js';
import { describeLicence } from './describe-licence.js';
import { catalogueOf, hubSettings } from './hub-context.js';
import type { JsonFlag } from './models.js';
import { pullWithProgress } from './pull-with-progress.js';
import { storedModelRow } from './stored-model-row.js';

/** Downloads what is missing of a model; its licence is shown before the first byte. */
export async function pullWeights(
  name: string | undefined,
  flags: JsonFlag,
  context: CommandContext,
): Promise<void> {
  const { io } = context;
  const model = findModel(name, catalogueOf(context));
  const settings = await hubSettings(context);
  const before = await inspectModel(model, settings);
  if (before.state !== 'present') {
    const toCome = before.files.reduce((sum, file) => sum + file.totalBytes - file.bytes, 0);
    io.stderr.write(`${model.name}: ${formatBytes(toCome)} from ${settings.endpoint}\n`);
    io.stderr.write(`licence: ${describeLicence(model.licence)}\n`);
  }
  const after = builtInFiles(model) !== undefined ? before : await pullWithProgress(model, settings, context);
  if (flags.json === true) writeJson(io, storedModelRow(after));
  else io.stderr.write(`${model.name} is ${before.state === 'present' ? 'here already' : 'here'}.\n`);
}
