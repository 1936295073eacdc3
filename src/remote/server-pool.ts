import { ExpectedError } from '../llava/expected-error.js';
import { AdaptiveLimit } from './adaptive-limit.js';
import type { ServedModel } from './served-model.js';
import { ServerFailure } from './server-failure.js';

/** Questions at once that a server is asked at first. */
const FIRST_LIMIT = 4;
/** Pause after a failure; each further one doubles it. */
const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 60_000;

export interface PoolOptions {
  /** Questions at once to each server, at most. */
  readonly mostAtOnce: number;
  /** How long to wait for a server when none answers, in milliseconds. */
  readonly patienceMs: number;
  /** Hears of servers that are set aside, and of those that are back. */
  readonly onNote: (text: string) => void;
}

/** A server of a pool. */
export interface PoolServer {
  readonly address: string;
  /** What was found there, if it could be reached. */
  readonly served?: ServedModel | undefined;
  /** Finds out what is there, since whatever comes back may be another. */
  readonly connect: () => Promise<ServedModel>;
}

/** A place at a server for one question, to be given back. */
export interface ServerPlace {
  readonly served: ServedModel;
  /** Gives it back after an answer. */
  answered(): void;
  /** Gives it back after a failure. */
  failed(failure: ServerFailure): void;
  /** Gives it back without a word about the server. */
  leave(): void;
}

/** Servers of one model: gives out places at the one with the fewest questions, and leaves those alone that fail. */
export class ServerPool implements AsyncDisposable {
  readonly #servers: readonly PooledServer[];
  readonly #options: PoolOptions;
  readonly #waiting: Waiting[] = [];
  #timer: NodeJS.Timeout | undefined;
  #lastAnswer = performance.now();

  constructor(servers: readonly PoolServer[], options: PoolOptions) {
    this.#options = options;
    this.#servers = servers.map((server) => new PooledServer(server, options));
  }

  /** Questions that may be asked at once. */
  get mostAtOnce(): number {
    return this.#servers.length * this.#options.mostAtOnce;
  }

  /**
   * A place at a server, waited for if there is none.
   * @param not a server that is taken only if there is no other, such as one that just failed
   * @throws ExpectedError('servers') when no server has answered for a long time; what `signal` was aborted with
   */
  async enter(signal: AbortSignal | undefined, not?: ServedModel): Promise<ServerPlace> {
    for (;;) {
      signal?.throwIfAborted();
      const server = this.#waiting.length === 0 ? this.#choose(not) : undefined;
      const entered = server ?? (await this.#wait(signal, not));
      try {
        return await this.#enter(entered);
      } catch (error) {
        this.#next();
        if (!(error instanceof ServerFailure)) throw error;
      }
    }
  }

  /** A place at another server, without waiting; undefined where there is none. */
  async enterOther(not: ServedModel): Promise<ServerPlace | undefined> {
    const other = this.#servers.find((server) => server.isFree && server.served !== not);
    return other === undefined ? undefined : await this.#enter(other.take());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearTimeout(this.#timer);
    await Promise.all(this.#servers.map((server) => server[Symbol.asyncDispose]()));
  }

  async #enter(server: PooledServer): Promise<ServerPlace> {
    const askedAt = performance.now();
    const served = await server.connected(askedAt);
    const giveBack = (say: () => void) => {
      say();
      this.#next();
    };
    return {
      served,
      answered: () => {
        this.#lastAnswer = performance.now();
        giveBack(() => {
          server.answered();
        });
      },
      failed: (failure) => {
        giveBack(() => {
          server.failed(failure, askedAt);
        });
      },
      leave: () => {
        giveBack(() => {
          server.leave();
        });
      },
    };
  }

  #choose(not: ServedModel | undefined): PooledServer | undefined {
    const free = this.#servers.filter((server) => server.isFree);
    const others = free.filter((server) => server.served === undefined || server.served !== not);
    const [fewest] = (others.length > 0 ? others : free).toSorted((a, b) => a.load - b.load);
    return fewest?.take();
  }

  #wait(signal: AbortSignal | undefined, not: ServedModel | undefined): Promise<PooledServer> {
    return new Promise((resolve, reject) => {
      const abort = () => {
        this.#waiting.splice(this.#waiting.indexOf(waiting), 1);
        reject(signal?.reason as Error);
      };
      const waiting: Waiting = {
        not,
        take: (server) => {
          signal?.removeEventListener('abort', abort);
          resolve(server);
        },
        fail: (error) => {
          signal?.removeEventListener('abort', abort);
          reject(error);
        },
      };
      signal?.addEventListener('abort', abort, { once: true });
      this.#waiting.push(waiting);
      this.#next();
    });
  }

  /** Gives what is free to those who wait; while nothing is, waits for the first server to be tried again. */
  #next(): void {
    for (let [first] = this.#waiting; first !== undefined; [first] = this.#waiting) {
      const server = this.#choose(first.not);
      if (server === undefined) break;
      this.#waiting.shift();
      first.take(server);
    }
    clearTimeout(this.#timer);
    if (this.#waiting.length === 0) return;
    const isAnyAtWork = this.#servers.some((server) => server.load > 0);
    const { patienceMs } = this.#options;
    const quietMs = performance.now() - this.#lastAnswer;
    if (!isAnyAtWork && quietMs > patienceMs) {
      const last = this.#servers.find(({ lastFailure }) => lastFailure !== undefined)?.lastFailure;
      const error = new ExpectedError(
        'servers',
        `No server has answered for ${Math.round(quietMs / 1000)} s. ${last?.message ?? ''}`.trim(),
        { hint: 'Start them again, then go on with --resume', cause: last },
      );
      for (const waiting of this.#waiting.splice(0)) waiting.fail(error);
      return;
    }
    const soonest = Math.min(...this.#servers.map(({ pauseMs }) => pauseMs).filter((ms) => ms > 0));
    if (!Number.isFinite(soonest)) return;
    this.#timer = setTimeout(
      () => {
        this.#next();
      },
      Math.min(soonest, LONGEST_PAUSE_MS) + 1,
    );
  }
}

interface Waiting {
  readonly not: ServedModel | undefined;
  readonly take: (server: PooledServer) => void;
  readonly fail: (error: Error) => void;
}

/** One server, its limit, and whether it is left alone for a while. */
class PooledServer implements AsyncDisposable {
  readonly #server: PoolServer;
  readonly #limit: AdaptiveLimit;
  readonly #onNote: (text: string) => void;
  readonly #former: ServedModel[] = [];
  #connecting: Promise<ServedModel> | undefined;
  #served: ServedModel | undefined;
  #inside = 0;
  #failuresInARow = 0;
  #pausedUntil = -Infinity;
  #isSetAside = false;
  lastFailure: ServerFailure | undefined;

  constructor(server: PoolServer, { mostAtOnce, onNote }: PoolOptions) {
    this.#server = server;
    this.#limit = new AdaptiveLimit(FIRST_LIMIT, mostAtOnce);
    this.#onNote = onNote;
    this.#served = server.served;
    this.#connecting = server.served && Promise.resolve(server.served);
  }

  /** What was found at its address, if it was. */
  get served(): ServedModel | undefined {
    return this.#served;
  }

  /** Questions that it is at. */
  get load(): number {
    return this.#inside;
  }

  /** How long it is left alone, in milliseconds. */
  get pauseMs(): number {
    return Math.max(0, this.#pausedUntil - performance.now());
  }

  /** After a failure one question finds out whether it is back. */
  get isFree(): boolean {
    const most = this.#failuresInARow > 0 ? 1 : this.#limit.value;
    return this.#inside < most && this.pauseMs === 0;
  }

  take(): this {
    this.#inside++;
    return this;
  }

  /** @throws ServerFailure, after which the place is given back */
  async connected(askedAt: number): Promise<ServedModel> {
    try {
      this.#served = await (this.#connecting ??= this.#server.connect());
      return this.#served;
    } catch (error) {
      this.#connecting = undefined;
      const failure = failureOf(error, this.#server.address);
      if (failure === undefined) this.leave();
      else this.failed(failure, askedAt);
      throw failure ?? error;
    }
  }

  answered(): void {
    const wasFull = this.#inside >= this.#limit.value;
    this.#inside--;
    this.#limit.answered(wasFull);
    this.#failuresInARow = 0;
    if (this.#isSetAside) this.#onNote(`The server "${this.#server.address}" answers again.`);
    this.#isSetAside = false;
  }

  failed(failure: ServerFailure, askedAt: number): void {
    this.#inside--;
    this.lastFailure = failure;
    switch (failure.trouble) {
      case 'refused':
        return;
      case 'overloaded':
        this.#limit.overloaded(askedAt);
        this.#pause(failure.retryAfterMs ?? FIRST_PAUSE_MS);
        return;
      case 'unreachable':
      case 'broken': {
        // Questions that were at it together fail together.
        if (askedAt < this.#pausedUntil) return;
        this.#failuresInARow++;
        if (failure.trouble === 'unreachable') this.#forget();
        const pause = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** (this.#failuresInARow - 1));
        this.#pause(pause);
        if (this.#failuresInARow === 2) {
          this.#isSetAside = true;
          this.#onNote(`${failure.message} It is left alone for a while; its questions go elsewhere.`);
        }
      }
    }
  }

  leave(): void {
    this.#inside--;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const served = await this.#connecting?.catch(() => undefined);
    const all = served === undefined ? this.#former : [served, ...this.#former];
    await Promise.all(all.map((one) => one[Symbol.asyncDispose]()));
  }

  /** What is there when it is back may be another; questions may still be at this one. */
  #forget(): void {
    if (this.#served !== undefined) this.#former.push(this.#served);
    this.#served = undefined;
    this.#connecting = undefined;
  }

  /** Pauses of many servers should not end together. */
  #pause(ms: number): void {
    const jittered = ms * (1 + Math.random() / 4);
    this.#pausedUntil = Math.max(this.#pausedUntil, performance.now() + jittered);
  }
}

/** One that came back as something that cannot be used is one that failed. */
function failureOf(error: unknown, address: string): ServerFailure | undefined {
  if (error instanceof ServerFailure) return error;
  if (!(error instanceof ExpectedError) || error.kind === 'interrupted') return undefined;
  return new ServerFailure('broken', address, `is not used: ${error.message.replace(/\.$/, '')}`, {
    cause: error,
  });
}
