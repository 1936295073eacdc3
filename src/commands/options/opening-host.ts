import type { DownloadOffer, OpeningHost } from '../../opening/opening-host.js';
import { formatBytes } from '../../llava/format.js';
import { quote } from '../../llava/quote.js';
import { askYesOrNo } from '../../terminal/ask-yes-or-no.js';
import { startProgress } from '../../terminal/progress.js';
import { warn } from '../../terminal/report-error.js';
import { startTransferDisplay } from '../../terminal/show-transfer.js';
import { describeLicence } from '../../weights/describe-licence.js';
import type { CommandContext } from '../command-context.js';

/** The person at the terminal as one who opens an engine: told on stderr, asked where somebody can answer. */
export function openingHost(context: CommandContext): OpeningHost {
  const { io, signal } = context;
  const canAnswer = io.stdinIsTerminal && io.stderrIsTerminal;
  return {
    env: io.env,
    signal,
    note: (text) => {
      warn(io, text);
    },
    startProgress: () => startProgress(io),
    startTransfer: () => startTransferDisplay(io),
    confirmDownload: canAnswer ? (offer) => confirmDownload(offer, context) : undefined,
  };
}

/** Asks whether to download a model, saying what it costs. */
async function confirmDownload(
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
