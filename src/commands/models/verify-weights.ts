import { EXIT_CODES, type ExitCode } from '../../exit-codes.js';
import { startTransferDisplay } from '../../terminal/show-transfer.js';
import { formatTable } from '../../terminal/table.js';
import { writeJson } from '../../terminal/io.js';
import { builtInFiles, findModel, listModels, type Model } from '../../weights/catalogue.js';
import type { HubSettings } from '../../hub/hub-settings.js';
import { inspectModel, verifyModel } from '../../weights/store/index.js';
import type { CommandContext } from '../command-context.js';
import { catalogueOf, hubSettings } from '../../opening/environment.js';
import type { JsonFlag } from '../options/option-groups.js';

/** Hashes the files of the named models again, of all that are here by default. */
export async function verifyWeights(
  names: readonly string[],
  flags: JsonFlag,
  context: CommandContext,
): Promise<ExitCode> {
  const { io, signal } = context;
  const settings = await hubSettings(context.io.env);
  const models =
    names.length > 0
      ? names.map((name) => findModel(name, catalogueOf(context.io.env)))
      : await presentModels(context, settings);
  const rows = [];
  {
    using display = startTransferDisplay(io);
    const onProgress = display.show.bind(display);
    for (const model of models)
      for (const file of await verifyModel(model, settings, { signal, onProgress }))
        rows.push({ name: model.name, ...file });
  }
  if (flags.json === true) writeJson(io, rows);
  else io.stdout.write(formatTable(rows.map((row) => [row.ok ? 'ok' : 'BAD', row.name, row.role, row.path])));
  if (rows.length === 0) io.stderr.write('Only the demo model is here. Next: llava pull\n');
  const bad = rows.find((row) => !row.ok);
  if (bad === undefined) return EXIT_CODES.ok;
  io.stderr.write(`A file differs from the published one. Next: llava pull ${bad.name}\n`);
  return EXIT_CODES.failed;
}

async function presentModels(context: CommandContext, settings: HubSettings): Promise<readonly Model[]> {
  const present: Model[] = [];
  for (const model of listModels(catalogueOf(context.io.env))) {
    if (builtInFiles(model) !== undefined) continue;
    const { files } = await inspectModel(model, settings);
    if (files.some((file) => file.state === 'present')) present.push(model);
  }
  return present;
}
