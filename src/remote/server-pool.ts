import { ExpectedError } from '../llava/expected-error.js';
import { PooledServer, type PoolServer, type Seat } from './pooled-server.js';
import type { ServedModel } from './served-model.js';
import { ServerFailure } from './server-failure.js';

export interface PoolOptions {
  /** Questions at once to each server, at most. */
  readonly mostAtOnce: number;
  /** How long to wait for a server when none answers, in milliseconds. */
  readonly patienceMs: number;
  /** Hears of servers that are set aside, and of those that are back. */
  readonly onNote: (text: string) => void;
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
    const { mostAtOnce, onNote } = options;
    this.#options = options;
    this.#servers = servers.map((server) => new PooledServer(server, mostAtOnce, onNote));
  }

  /** Questions that may be asked at once. */
  get mostAtOnce(): number {
    return this.#servers.length * this.#options.mostAtOnce;
  }

  /**
   * A place at a server, waited for if there is none.
   * @param not the address of a server that is taken only if there is no other, such as one that just failed
   * @throws ExpectedError('servers') when no server has answered for a long time; what `signal` was aborted with
   */
  async enter(signal: AbortSignal | undefined, not?: string): Promise<ServerPlace> {
    for (;;) {
      const seat = await this.#wait(signal, { not, isStrict: false });
      if (seat === undefined) continue;
      try {
        return await this.#enter(seat);
      } catch (error) {
        if (!(error instanceof ServerFailure)) throw error;
      }
    }
  }

  /**
   * A place at another server, waited for; undefined where none is up.
   * @throws as {@link enter}; ServerFailure when it is up no more
   */
  async enterOther(signal: AbortSignal | undefined, not: string): Promise<ServerPlace | undefined> {
    const seat = await this.#wait(signal, { not, isStrict: true });
    return seat && (await this.#enter(seat));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearTimeout(this.#timer);
    await Promise.all(this.#servers.map((server) => server[Symbol.asyncDispose]()));
  }

  async #enter(seat: Seat): Promise<ServerPlace> {
    const { server } = seat;
    const served = await server.connected(seat).catch((error: unknown) => {
      this.#next();
      throw error;
    });
    return {
      served,
      answered: () => {
        this.#lastAnswer = performance.now();
        server.answered(seat);
        this.#next();
      },
      failed: (failure) => {
        if (failure.trouble === 'refused') this.#lastAnswer = performance.now();
        server.failed(seat, failure);
        this.#next();
      },
      leave: () => {
        server.leave(seat);
        this.#next();
      },
    };
  }

  #wait(signal: AbortSignal | undefined, wish: Wish): Promise<Seat | undefined> {
    return new Promise((resolve, reject) => {
      signal?.throwIfAborted();
      const abort = () => {
        this.#waiting.splice(this.#waiting.indexOf(waiting), 1);
        reject(signal?.reason as Error);
      };
      const waiting: Waiting = {
        ...wish,
        take: (seat) => {
          signal?.removeEventListener('abort', abort);
          resolve(seat);
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
    // One time for all: a pause that ended between two looks at the clock would be waited for by nobody.
    const now = performance.now();
    for (let place = 0; ;) {
      const waiting = this.#waiting[place];
      if (waiting === undefined) break;
      const seat = this.#choose(waiting, now);
      if (seat !== undefined || this.#isInVain(waiting)) {
        this.#waiting.splice(place, 1);
        waiting.take(seat);
      } else if (waiting.isStrict) {
        place++;
      } else break;
    }
    clearTimeout(this.#timer);
    if (this.#waiting.length === 0) return;
    const isAnyAtWork = this.#servers.some((server) => server.load > 0);
    const quietMs = now - this.#lastAnswer;
    if (!isAnyAtWork && quietMs > this.#options.patienceMs) {
      this.#giveUp(quietMs);
      return;
    }
    const soonest = Math.min(...this.#servers.map((server) => server.pauseMs(now)).filter((ms) => ms > 0));
    if (!Number.isFinite(soonest)) return;
    this.#timer = setTimeout(() => {
      this.#next();
    }, soonest + 1);
  }

  #choose({ not, isStrict }: Wish, now: number): Seat | undefined {
    const free = this.#servers.filter((server) => server.isFree(now));
    const others = free.filter(({ address }) => address !== not);
    const [fewest] = (others.length > 0 || isStrict ? others : free).toSorted((a, b) => a.load - b.load);
    return fewest?.take();
  }

  #isInVain({ not, isStrict }: Wish): boolean {
    return isStrict && !this.#servers.some(({ address, isUp }) => address !== not && isUp);
  }

  #giveUp(quietMs: number): void {
    const last = this.#servers.find(({ lastFailure }) => lastFailure !== undefined)?.lastFailure;
    const error = new ExpectedError(
      'servers',
      `No server has answered for ${Math.round(quietMs / 1000)} s. ${last?.message ?? ''}`.trim(),
      { hint: 'Start them again, then go on with --resume', cause: last },
    );
    for (const waiting of this.#waiting.splice(0)) waiting.fail(error);
  }
}

/** Which server a question may be asked. */
interface Wish {
  /** The address of one that is taken only if there is no other. */
  readonly not: string | undefined;
  /** That one is not taken at all. */
  readonly isStrict: boolean;
}

interface Waiting extends Wish {
  /** Undefined when there is no such server. */
  readonly take: (seat: Seat | undefined) => void;
  readonly fail: (error: Error) => void;
}
