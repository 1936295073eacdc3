import { setTimeout as sleep } from 'node:timers/promises';
import type { Pace } from '../http/pace.js';
import { diskError } from './disk.js';

/** Held until it is disposed of. */
export interface HeldLock extends AsyncDisposable {
  /** Aborted when another process took the lock over, as after this one was stopped for long. */
  readonly lost: AbortSignal;
}

export interface LockOptions {
  readonly pace: Pace;
  readonly signal?: AbortSignal | undefined;
  /** Called once when another process holds it. */
  readonly onWait?: (() => void) | undefined;
}

/** Waits for the lock of a file that processes write; it is a folder beside it: `target` and `.lock`. */
export async function holdLock(target: string, { pace, signal, onWait }: LockOptions): Promise<HeldLock> {
  const { lock } = (await import('proper-lockfile')).default;
  const lost = new AbortController();
  const options = {
    realpath: false,
    lockfilePath: `${target}.lock`,
    stale: pace.lockStaleMs,
    onCompromised: () => {
      lost.abort();
    },
  };
  for (let isWaiting = false; ; isWaiting = true) {
    signal?.throwIfAborted();
    try {
      const release = await lock(target, options);
      return {
        lost: lost.signal,
        async [Symbol.asyncDispose]() {
          // One that was lost is not ours to release.
          await release().catch(() => undefined);
        },
      };
    } catch (error) {
      if (!(error instanceof Error) || !('code' in error) || error.code !== 'ELOCKED')
        throw diskError(target, error);
    }
    if (!isWaiting) onWait?.();
    await sleep(pace.lockLookMs, undefined, { signal }).catch(() => undefined);
  }
}
