import { Console } from 'node:console';
import { EventEmitter } from 'node:events';
import { realpathSync, statSync } from 'node:fs';
import { llavaVersion } from '../../engine/local/runtime/release.js';
import { ExpectedError } from '../../llava/expected-error.js';
import { quote } from '../../llava/quote.js';
import { chooseOpening } from '../../kept/choose-opening.js';
import { findWeights } from '../../opening/find-weights.js';
import type { OpeningHost } from '../../opening/opening-host.js';
import { serveStreams } from '../../mcp/serve-stdio.js';
import { KEPT_PICTURES, WarmEngine } from '../../serve/warm-engine.js';
import { reportError, warn } from '../../terminal/report-error.js';
import { checkPair } from '../../weights/check/check-pair.js';
import type { CommandContext } from '../command-context.js';
import { openingHost } from '../options/opening-host.js';
import type { McpFlags } from './mcp-flags.js';

/**
 * Serves one client until it closes stdin, or until it is told to end. The weights are found and their headers checked before
 * the first message, but loaded for the first call: most servers that an agent starts are never called.
 */
export async function runMcp(flags: McpFlags, context: CommandContext): Promise<void> {
  const { io } = context;
  // stdout is the protocol's alone, whatever a library may want to print.
  globalThis.console = new Console({ stdout: io.stderr, stderr: io.stderr });
  const folders = (flags.allow ?? []).map(checkFolder);
  const ending = new AbortController();
  const signal = AbortSignal.any([context.signal, ending.signal]);
  const loading = new EventEmitter<{ step: [string] }>().setMaxListeners(0);
  const host = hostOf({ ...context, signal }, loading);
  const weights = await findWeights(flags, host);
  await checkPair(weights.model, weights.mmproj);
  const { openFetcher } = flags.allowUrls === undefined ? {} : await import('../options/open-fetcher.js');
  await using fetcher = openFetcher?.(flags);
  await using engine = new WarmEngine(async () => {
    await using opening = await chooseOpening(weights, flags, host);
    return await opening.open({ sequences: 'auto', keptPictures: KEPT_PICTURES });
  }, flags.idle);
  const parts = {
    engine,
    loading,
    fetcher,
    folders,
    signal,
    model: weights.name,
    version: llavaVersion(),
    sampling: { temperature: 0, topP: 1, seed: undefined, maxTokens: flags.maxTokens },
    onDefect: (error: unknown) => {
      reportError(io, error);
    },
  };
  try {
    await serveStreams(parts, {
      stdin: io.stdin,
      stdout: io.stdout,
      onNote: (text) => {
        warn(io, text);
      },
    });
  } finally {
    ending.abort();
  }
}

/** stdin is the client's, so nobody can be asked; who waits for the weights is told what they are at. */
function hostOf(context: CommandContext, loading: EventEmitter<{ step: [string] }>): OpeningHost {
  return {
    ...openingHost(context),
    confirmDownload: undefined,
    startProgress: () => ({
      say: (text) => loading.emit('step', text),
      [Symbol.dispose]: () => undefined,
    }),
  };
}

/** @throws ExpectedError('usage') for what is no folder */
function checkFolder(folder: string): string {
  if (statSync(folder, { throwIfNoEntry: false })?.isDirectory() === true) return realpathSync(folder);
  throw new ExpectedError('usage', `--allow ${quote(folder)} is not a folder.`, {
    hint: 'Name a folder that exists',
  });
}
