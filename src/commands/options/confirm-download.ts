import { formatBytes } from '../../llava/format.js';
import { quote } from '../../llava/quote.js';
import type { DownloadOffer } from '../../opening/opening-host.js';
import { askYesOrNo } from '../../terminal/ask-yes-or-no.js';
import { describeLicence } from '../../weights/describe-licence.js';
import type { CommandContext } from '../command-context.js';

/** Asks whether to download a model, saying what it costs. */
export async function confirmDownload(
  { model, downloadBytes, freeBytes, from }: DownloadOffer,
  { io, signal }: CommandContext,
): Promise<boolean> {
  io.stderr.write(
    `The weights ${quote(model.name)} are not on this machine.\n` +
      `  size     ${formatBytes(downloadBytes)} to download, ${formatBytes(freeBytes)} free\n` +
      `  from     ${from}\n` +
      `  licence  ${describeLicence(model.licence)}\n`,
  );
  return await askYesOrNo('Download them now?', io, signal);
}
