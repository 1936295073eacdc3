import { existsSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';
import { KeptConnection } from '../../kept/kept-connection.js';
import { KeptFolder, type KeptEntry } from '../../kept/kept-folder.js';
import { listStates, type KeptListing } from '../../kept/list-states.js';
import { emptySchema } from '../../kept/wire.js';
import { ExpectedError } from '../../llava/expected-error.js';
import { quote } from '../../llava/quote.js';
import type { CommandContext } from '../command-context.js';

const CHECK_MS = 25;

/** The flags of `llava stop`. */
export interface StopFlags {
  readonly all?: boolean;
}

/**
 * Ends kept engines, and settles when they have ended; what they are answering is finished first.
 * @throws ExpectedError('usage') when it is not clear which one
 */
export async function stopKept(
  model: string | undefined,
  { all }: StopFlags,
  { io, signal }: CommandContext,
): Promise<void> {
  const folder = new KeptFolder(io.env);
  const kept = await listStates(folder);
  if (kept.length === 0 && model === undefined) {
    io.stderr.write('No engine is kept.\n');
    return;
  }
  const chosen = all === true ? kept : choose(kept, model);
  for (const { entry, state } of chosen) {
    if (state === undefined) throw hangs(entry);
    await end(entry, state.pid, folder, signal);
    io.stderr.write(`Ended ${state.model} (process ${state.pid}).\n`);
  }
}

function choose(kept: readonly KeptListing[], model: string | undefined): readonly KeptListing[] {
  const names = [...new Set(kept.map(({ entry, state }) => state?.model ?? entry.address))];
  if (model === undefined) {
    if (kept.length === 1) return kept;
    throw new ExpectedError('usage', `${kept.length} engines are kept: ${names.join(', ')}.`, {
      hint: `llava stop ${names[0] ?? ''}, or llava stop --all`,
    });
  }
  const named = kept.filter(({ state }) => state?.model === model);
  if (named.length > 0) return named;
  throw new ExpectedError('usage', `No engine of ${quote(model)} is kept.`, { hint: 'llava ps' });
}

/** A process that has ended may still be listed where nobody asks for its exit code; its log is gone. */
async function end(entry: KeptEntry, pid: number, folder: KeptFolder, signal: AbortSignal): Promise<void> {
  await new KeptConnection(entry.address).call('/engine/stop', emptySchema, {}, signal);
  while (existsSync(folder.logPath(entry)) && isRunning(pid)) await wait(CHECK_MS, undefined, { signal });
}

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

function hangs({ address }: KeptEntry): ExpectedError {
  return new ExpectedError('engine', `The engine at ${quote(address)} does not answer.`, {
    hint: 'Find its process with "ps ax | grep keep-engine" and end it with kill',
  });
}
