import { existsSync } from 'node:fs';
import { ExpectedError } from '../llava/expected-error.js';
import type { Opening } from '../opening/engine-opening.js';
import type { FoundWeights } from '../opening/find-weights.js';
import type { OpeningHost } from '../opening/opening-host.js';
import { keptFolderPath } from './kept-folder-path.js';
import type { KeptWishes } from './kept-key.js';

/** Settings of an engine, and whether it stays. */
export interface OpeningWishes extends KeptWishes {
  /** Milliseconds that the engine stays after this; 0 keeps none and uses none. Default: one that is kept is used. */
  readonly keep?: number;
}

/**
 * The engine that is kept for these weights and settings, if there is one or one is wished for; otherwise, or if it is of no
 * use, one in this process.
 */
export async function chooseOpening(
  weights: FoundWeights,
  wishes: OpeningWishes,
  host: OpeningHost,
): Promise<Opening> {
  const openHere = async () => {
    const { EngineOpening } = await import('../opening/engine-opening.js');
    return new EngineOpening(weights, wishes, host);
  };
  const { keep } = wishes;
  // Most commands keep nothing and find nothing: they read no more of this room.
  if (keep === 0 || (keep === undefined && !existsSync(keptFolderPath(host.env)))) return await openHere();
  try {
    const [{ KeptFolder }, { keptKey }] = await Promise.all([
      import('./kept-folder.js'),
      import('./kept-key.js'),
    ]);
    const folder = new KeptFolder(host.env);
    const key = keptKey(weights, wishes, host.env);
    if (keep === undefined && folder.find(key) === undefined) return await openHere();
    const { openKept } = await import('./kept-opening.js');
    return await openKept(key, folder, keep, { weights, wishes, host, openHere });
  } catch (error) {
    const { KeptGone } = await import('./kept-connection.js');
    const isOfNoUse = error instanceof ExpectedError || error instanceof KeptGone;
    if (host.signal.aborted || !isOfNoUse) throw error;
    host.note(`The kept engine is not used: ${error.message}`);
    return await openHere();
  }
}
