import { formatBytes } from '../terminal/format.js';
import { formatTable } from '../terminal/table.js';
import { writeJson } from '../terminal/io.js';
import { listModels } from '../weights/catalogue.js';
import { inspectModel, type StoredModel } from '../weights/store/index.js';
import type { CommandContext } from './command-context.js';
import { catalogueOf, hubSettings } from './hub-context.js';
import { memoryFit } from './memory-fit.js';
import type { JsonFlag } from './models.js';
import { storedModelRow } from './stored-model-row.js';

/** Shows the catalogue and what of it is on this machine. */
export async function listWeights(flags: JsonFlag, context: CommandContext): Promise<void> {
  const { io } = context;
  const settings = await hubSettings(context);
  const catalogue = catalogueOf(context);
  const stored = await Promise.all(listModels(catalogue).map((model) => inspectModel(model, settings)));
  if (flags.json === true) {
    const rows = stored.map((model) => ({ ...storedModelRow(model), memoryFit: memoryFit(model.model) }));
    writeJson(io, { default: catalogue.default, models: rows });
    return;
  }
  const head = ['NAME', 'SHORT', 'SIZE', 'HERE', 'MEMORY', 'LICENCE'];
  io.stdout.write(formatTable([head, ...stored.map(modelLine)]));
  io.stderr.write(`The default is ${catalogue.default}. Next: llava pull NAME\n`);
}

function modelLine(stored: StoredModel): readonly string[] {
  const { model, files } = stored;
  const total = files.reduce((sum, file) => sum + file.totalBytes, 0);
  return [
    model.name,
    model.aliases.join(' '),
    formatBytes(total),
    howMuchIsHere(stored),
    `${formatBytes(model.memoryMiB * 2 ** 20)}, ${memoryFit(model)}`,
    model.licence.name,
  ];
}

function howMuchIsHere({ state, files }: StoredModel): string {
  if (state === 'present') return 'yes';
  if (state === 'missing') return 'no';
  const here = files.reduce((sum, file) => sum + file.bytes, 0);
  const total = files.reduce((sum, file) => sum + file.totalBytes, 0);
  return `${Math.floor((100 * here) / total)} %`;
}
