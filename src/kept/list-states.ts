import { KeptConnection, KeptGone } from './kept-connection.js';
import type { KeptEntry, KeptFolder } from './kept-folder.js';
import { stateSchema, type KeptState } from './wire.js';

/** An engine that hangs must not hang those who ask. */
const PATIENCE_MS = 3000;

/** A kept engine and what it says of itself; undefined when it does not answer. */
export interface KeptListing {
  readonly entry: KeptEntry;
  readonly state: KeptState | undefined;
}

/** All kept engines; those that have died are forgotten. */
export async function listStates(folder: KeptFolder): Promise<readonly KeptListing[]> {
  const listings = await Promise.all(
    folder.list().map(async (entry): Promise<readonly KeptListing[]> => {
      const connection = new KeptConnection(entry.address);
      const patience = AbortSignal.timeout(PATIENCE_MS);
      try {
        return [{ entry, state: await connection.call('/engine/state', stateSchema, undefined, patience) }];
      } catch (error) {
        if (!(error instanceof KeptGone)) return [{ entry, state: undefined }];
        folder.forget(entry);
        return [];
      }
    }),
  );
  return listings.flat();
}
