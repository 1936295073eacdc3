import { formatBytes } from '../../llava/format.js';
import { startTransferDisplay } from '../../terminal/show-transfer.js';
import { writeJson } from '../../terminal/io.js';
import { builtInFiles, findModel, type Model } from '../../weights/catalogue.js';
import { inspectModel, pullModel, type StoredModel } from '../../weights/store/index.js';
import type { CommandContext } from '../command-context.js';
import type { HubSettings } from '../../hub/hub-settings.js';
import { describeLicence } from '../../weights/describe-licence.js';
import { catalogueOf, hubSettings } from '../../opening/environment.js';
import type { JsonFlag } from '../options/option-groups.js';
import { storedModelRow } from './stored-model-row.js';

/** Downloads what is missing of a model; its licence is shown before the first byte. */
export async function pullWeights(
  name: string | undefined,
  flags: JsonFlag,
  context: CommandContext,
): Promise<void> {
  const { io } = context;
  const model = findModel(name, catalogueOf(context.io.env));
  const settings = await hubSettings(context.io.env);
  const before = await inspectModel(model, settings);
  if (before.state !== 'present') {
    const toCome = before.files.reduce((sum, file) => sum + file.totalBytes - file.bytes, 0);
    io.stderr.write(`${model.name}: ${formatBytes(toCome)} from ${settings.endpoint}\n`);
    io.stderr.write(`licence: ${describeLicence(model.licence)}\n`);
  }
  const after = builtInFiles(model) !== undefined ? before : await pullWithProgress(model, settings, context);
  if (flags.json === true) writeJson(io, storedModelRow(after));
  else
    io.stderr.write(
      `${model.name} is ${before.state === 'present' ? 'already downloaded' : 'downloaded'}.\n`,
    );
}

/** Downloads what is missing of a model, with progress on stderr. */
async function pullWithProgress(
  model: Model,
  settings: HubSettings,
  { io, signal }: CommandContext,
): Promise<StoredModel> {
  using display = startTransferDisplay(io);
  return await pullModel(model, settings, {
    signal,
    onProgress: (progress) => {
      display.show(progress);
    },
  });
}
