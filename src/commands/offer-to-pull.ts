import { statfs } from 'node:fs/promises';
import { ExpectedError } from '../llava/expected-error.js';
import { quote } from '../llava/quote.js';
import { askYesOrNo } from '../terminal/ask-yes-or-no.js';
import { formatBytes } from '../terminal/format.js';
import type { Model } from '../weights/catalogue.js';
import { nearestFolder } from '../hub/transfer/disk.js';
import { inspectModel } from '../weights/store/index.js';
import type { CommandContext } from './command-context.js';
import { hubSettings } from './hub-context.js';
import { describeLicence } from './describe-licence.js';
import { pullWithProgress } from './pull-with-progress.js';

/**
 * Asks on the terminal whether to download a model, saying what it costs, and downloads it after a yes.
 * @throws ExpectedError('weights') with the command to type, where nobody can be asked or the answer is no
 */
export async function offerToPull(model: Model, context: CommandContext): Promise<void> {
  const { io, signal } = context;
  const missing = new ExpectedError('weights', `The weights ${quote(model.name)} are not on this machine.`, {
    hint: `llava pull ${model.name}, or --model demo for the small one that comes with llava`,
  });
  const settings = await hubSettings(context);
  if (!io.stdinIsTerminal || !io.stderrIsTerminal || settings.offline) throw missing;
  const { files } = await inspectModel(model, settings);
  const toCome = files.reduce((sum, file) => sum + file.totalBytes - file.bytes, 0);
  const disk = await statfs(await nearestFolder(settings.cacheFolder));
  io.stderr.write(
    `${missing.message}\n` +
      `  size     ${formatBytes(toCome)} to download, ${formatBytes(disk.bavail * disk.bsize)} free\n` +
      `  from     ${settings.endpoint}\n` +
      `  licence  ${describeLicence(model.licence)}\n`,
  );
  if (!(await askYesOrNo('Download them now?', io, signal))) throw missing;
  await pullWithProgress(model, settings, context);
}
