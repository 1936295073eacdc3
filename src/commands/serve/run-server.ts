import { once } from 'node:events';
import { isIP } from 'node:net';
import { readKeyFile } from '../../files/read-key-file.js';
import { ExpectedError } from '../../llava/expected-error.js';
import { quote } from '../../llava/quote.js';
import { EngineOpening } from '../../opening/engine-opening.js';
import { findWeights } from '../../opening/find-weights.js';
import { Admission } from '../../serve/admission.js';
import { createApp } from '../../serve/app.js';
import { listen, type Listening } from '../../serve/listen.js';
import { KEPT_PICTURES, WarmEngine } from '../../serve/warm-engine.js';
import { reportError, warn } from '../../terminal/report-error.js';
import type { CommandContext } from '../command-context.js';
import { openFetcher } from '../options/open-fetcher.js';
import { openingHost } from '../options/opening-host.js';
import { samplingOf } from '../options/option-groups.js';
import type { ServeFlags } from './serve-flags.js';

/** Characters that a key must have. */
const KEY_LENGTH = 16;
/** After the grace, for what was cut to end. */
const LAST_WORDS_MS = 2000;

/** Serves until it is told to end, then lets running requests finish for a while. */
export async function runServer(flags: ServeFlags, context: CommandContext): Promise<void> {
  const { io, signal } = context;
  context.allowToEnd(flags.grace + LAST_WORDS_MS);
  const { apiKeyFile } = flags;
  const apiKey =
    apiKeyFile === undefined
      ? undefined
      : readKeyFile(apiKeyFile, KEY_LENGTH, `openssl rand -hex 32 > ${apiKeyFile}`);
  checkReach(flags, apiKey);
  const host = openingHost(context);
  const weights = await findWeights(flags, host);
  await using fetcher = openFetcher(flags);
  await using engine = new WarmEngine(async () => {
    await using opening = new EngineOpening(weights, flags, host);
    return await opening.open({ sequences: flags.parallel ?? 'auto', keptPictures: KEPT_PICTURES });
  }, flags.idle);
  // What is wrong with the weights is found now, and not by the first client.
  (await engine.lend())[Symbol.dispose]();
  const admission = new Admission(flags.queue);
  const ending = new AbortController();
  const allowed = new Set<string>(flags.allowHost?.map((name) => name.toLowerCase()));
  const app = createApp({
    engine,
    admission,
    model: weights.name,
    sampling: samplingOf(flags),
    fetcher,
    maxBodyBytes: Math.round(flags.maxBody * 1e6),
    signal: ending.signal,
    hosts: flags.socket === undefined ? allowed : undefined,
    corsOrigins: new Set(flags.corsOrigin),
    apiKey,
    onDefect: (error) => {
      reportError(io, error);
    },
  });
  const server = await listen(app, placeOf(flags));
  for (const name of hostNames(flags, server.port)) allowed.add(name);
  io.stdout.write(`${server.address}\n`);
  if (!signal.aborted) await once(signal, 'abort');
  if (admission.inside > 0) warn(io, `Ending: ${admission.inside} requests are still running.`);
  await server.endWithin(flags.grace, () => {
    ending.abort();
  });
}

/** Beyond this machine, only those with a key are answered. */
function checkReach({ host, socket }: ServeFlags, apiKey: string | undefined): void {
  if (socket !== undefined || apiKey !== undefined || isLoopback(host)) return;
  throw new ExpectedError('usage', `Listening on ${quote(host)} lets other machines in, so it needs a key.`, {
    hint: 'openssl rand -hex 32 > key.txt, then add --api-key-file key.txt',
  });
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'));
}

function placeOf({ host, port, socket }: ServeFlags): Listening {
  return socket === undefined ? { host, port } : { socket };
}

/** What `Host` says when this server is meant. */
function hostNames({ host, allowHost = [] }: ServeFlags, port: number | undefined): readonly string[] {
  if (port === undefined) return [];
  const names = ['127.0.0.1', 'localhost', '[::1]', isIP(host) === 6 ? `[${host}]` : host, ...allowHost];
  return names.flatMap((name) => [
    `${name}:${port}`.toLowerCase(),
    ...(port === 80 ? [name.toLowerCase()] : []),
  ]);
}
