import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import type { AsideFormat, Decoded, Header } from './decoders/decoder.js';
import type { Reply, Task } from './decoders/decode-worker.js';

/** A whole picture may take this long, so that no file can hold up what waits for it. */
const MOST_MS = 10_000;
/** More would wait for memory rather than for each other. */
const MOST_WORKERS = 4;
/** A worker that is not needed for so long gives its memory back. */
const IDLE_MS = 2000;
/** Of JavaScript's own objects; pixels and decoders have bounds of their own. */
const MOST_OBJECTS_MB = 256;

/** The built program's, also when this file is read as it was written: both are equally deep in the package. */
const WORKER = new URL('../../dist/program/decode-worker.js', import.meta.url);

/** A picture without sharp's help. Its failures say what is wrong with it: `it …`, or `damaged data`. */
export interface AsidePicture {
  readonly format: AsideFormat;
  readonly bytes: Uint8Array;
  /** Of the frame or page, from 0. */
  readonly index: number;
}

/** What the header says; decoders run in threads of their own, under limits. @throws Error */
export async function inspectAside(picture: AsidePicture): Promise<Header> {
  const reply = await run({ kind: 'inspect', ...picture, share: { index: 0, count: 1 } });
  if (reply.kind !== 'inspect') throw new Error('The decoder answered another question.');
  return reply.header;
}

/** The pixels; of a picture in pieces, several threads decode a share each. @throws Error */
export async function decodeAside(picture: AsidePicture, pieces: number): Promise<readonly Decoded[]> {
  const count = Math.min(pieces, availableParallelism(), MOST_WORKERS);
  const shares = Array.from({ length: count }, (_, index) => ({ index, count }));
  return await Promise.all(
    shares.map(async (share) => {
      const reply = await run({ kind: 'decode', ...picture, share });
      if (reply.kind !== 'decode') throw new Error('The decoder answered another question.');
      return reply.decoded;
    }),
  );
}

const idle: DecodeThread[] = [];
const waiting: (() => void)[] = [];
let started = 0;

/** A thread that is free, now or later. */
async function run(task: Omit<Task, 'bytes'> & { readonly bytes: Uint8Array }): Promise<Reply> {
  while (idle.length === 0 && started >= MOST_WORKERS)
    await new Promise<void>((resolve) => waiting.push(resolve));
  const thread = idle.pop() ?? new DecodeThread();
  try {
    const reply = await thread.ask(task as Task);
    if (reply.kind === 'failed') throw new Error(reply.reason);
    thread.rest();
    return reply;
  } catch (error) {
    // What failed once is not trusted again: its decoder may be in any state.
    thread.end();
    throw error;
  } finally {
    waiting.shift()?.();
  }
}

class DecodeThread {
  readonly #worker: Worker;
  #idleTimer: NodeJS.Timeout | undefined;

  constructor() {
    started++;
    // Its streams are kept from ours. Nothing is read from them: that would keep the process from ending while it is idle.
    this.#worker = new Worker(WORKER, {
      stdout: true,
      stderr: true,
      resourceLimits: { maxOldGenerationSizeMb: MOST_OBJECTS_MB },
    });
  }

  async ask(task: Task): Promise<Reply> {
    clearTimeout(this.#idleTimer);
    this.#worker.ref();
    return await new Promise<Reply>((resolve, reject) => {
      const used = process.cpuUsage();
      const giveUp = () => {
        reject(new Error(`it takes more than ${MOST_MS / 1000} seconds`));
      };
      let timer = setTimeout(() => {
        // On a machine that is busy with other things, once as long again.
        const { user } = process.cpuUsage(used);
        if (user / 1000 > MOST_MS / 2) giveUp();
        else timer = setTimeout(giveUp, MOST_MS);
      }, MOST_MS);
      const settle = (act: () => void) => {
        clearTimeout(timer);
        this.#worker.removeAllListeners('message').removeAllListeners('error').removeAllListeners('exit');
        this.#worker.on('error', () => undefined);
        act();
      };
      this.#worker.once('message', (reply: Reply) => {
        settle(() => {
          resolve(reply);
        });
      });
      this.#worker.once('error', (error: NodeJS.ErrnoException) => {
        const isMemory = error.code === 'ERR_WORKER_OUT_OF_MEMORY';
        settle(() => {
          reject(new Error(isMemory ? 'it takes too much memory' : 'damaged data', { cause: error }));
        });
      });
      this.#worker.once('exit', () => {
        settle(() => {
          reject(new Error('damaged data'));
        });
      });
      this.#worker.postMessage(task);
    });
  }

  /** The process may end meanwhile. */
  rest(): void {
    this.#worker.unref();
    idle.push(this);
    this.#idleTimer = setTimeout(() => {
      idle.splice(idle.indexOf(this), 1);
      this.end();
    }, IDLE_MS);
    this.#idleTimer.unref();
  }

  end(): void {
    started--;
    this.#worker.unref();
    void this.#worker.terminate();
  }
}
