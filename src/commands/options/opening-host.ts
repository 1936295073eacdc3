import type { OpeningHost } from '../../opening/opening-host.js';
import { startProgress } from '../../terminal/progress.js';
import { warn } from '../../terminal/report-error.js';
import { startTransferDisplay } from '../../terminal/show-transfer.js';
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
    confirmDownload: canAnswer
      ? async (offer) => {
          const { confirmDownload } = await import('./confirm-download.js');
          return await confirmDownload(offer, context);
        }
      : undefined,
  };
}
