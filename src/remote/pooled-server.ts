import { ExpectedError } from '../llava/expected-error.js';
import { AdaptiveLimit } from './adaptive-limit.js';
import type { ServedModel } from './served-model.js';
import { ServerFailure } from './server-failure.js';

/** Questions at once that a server is asked at first. */
const FIRST_LIMIT = 4;
/** Pauses after a failure, which may be one question's, and after too many questions; each further one is longer. */
const FAILED = { firstMs: 100, factor: 3 };
const OVERLOADED = { firstMs: 500, factor: 2 };
const LONGEST_PAUSE_MS = 60_000;
/** Failures in a row of which people are told. */
const TOLD_FAILURES = 3;
/** A server that comes and goes is told of once in that time. */
const NOTE_MS = 60_000;

/** A server of a pool. */
export interface PoolServer {
  readonly address: string;
  /** What was found there, if it could be reached. */
  readonly served?: ServedModel | undefined;
  /** Finds out what is there, since whatever comes back may be another. */
  readonly connect: () => Promise<ServedModel>;
}

/** One question's place at a server. */
export interface Seat {
  readonly server: PooledServer;
  /** `performance.now()` */
  readonly askedAt: number;
  /** Whether it finds out if the server is back. */
  readonly isTrial: boolean;
}

/** One server, its limit, and whether it is left alone for a while. */
export class PooledServer implements AsyncDisposable {
  readonly #server: PoolServer;
  readonly #limit: AdaptiveLimit;
  readonly #onNote: (text: string) => void;
  readonly #former: ServedModel[] = [];
  #connecting: Promise<ServedModel> | undefined;
  #served: ServedModel | undefined;
  #inside = 0;
  #trials = 0;
  #failuresInARow = 0;
  #overloadsInARow = 0;
  #pausedUntil = -Infinity;
  #isSetAside = false;
  #notedAt = -Infinity;
  #lastFailure: ServerFailure | undefined;

  /** @param onNote hears when it is set aside, and when it is back */
  constructor(server: PoolServer, mostAtOnce: number, onNote: (text: string) => void) {
    this.#server = server;
    this.#limit = new AdaptiveLimit(FIRST_LIMIT, mostAtOnce);
    this.#onNote = onNote;
    this.#served = server.served;
    this.#connecting = server.served && Promise.resolve(server.served);
  }

  get address(): string {
    return this.#server.address;
  }

  /** Questions that it is at. */
  get load(): number {
    return this.#inside;
  }

  /** How long it is left alone from that time of `performance.now()` on, in milliseconds. */
  pauseMs(now: number): number {
    return Math.max(0, this.#pausedUntil - now);
  }

  get lastFailure(): ServerFailure | undefined {
    return this.#lastFailure;
  }

  /** Whether it answered when it was asked last. */
  get isUp(): boolean {
    return this.#failuresInARow === 0;
  }

  /** After a failure one question finds out whether it is back, whatever older ones are still there. */
  isFree(now: number): boolean {
    if (this.pauseMs(now) > 0) return false;
    return this.isUp ? this.#inside < this.#limit.value : this.#trials === 0;
  }

  take(): Seat {
    const isTrial = !this.isUp;
    this.#inside++;
    if (isTrial) this.#trials++;
    return { server: this, askedAt: performance.now(), isTrial };
  }

  /** @throws ServerFailure, after which the seat is given back */
  async connected(seat: Seat): Promise<ServedModel> {
    const connecting = (this.#connecting ??= this.#server.connect());
    try {
      const served = await connecting;
      if (this.#connecting === connecting) this.#served = served;
      return served;
    } catch (error) {
      if (this.#connecting === connecting) this.#connecting = undefined;
      const failure = failureOf(error, this.address);
      if (failure === undefined) this.leave(seat);
      else this.failed(seat, failure);
      throw failure ?? error;
    }
  }

  answered(seat: Seat): void {
    const wasFull = this.#inside >= this.#limit.value;
    this.leave(seat);
    this.#limit.answered(wasFull);
    this.#isBack();
  }

  failed(seat: Seat, failure: ServerFailure): void {
    this.leave(seat);
    if (failure.trouble === 'refused') {
      this.#isBack();
      return;
    }
    this.#lastFailure = failure;
    // Questions that were at it together fail together.
    const isNews = seat.askedAt >= this.#pausedUntil;
    if (failure.trouble === 'overloaded') {
      this.#limit.overloaded(seat.askedAt);
      if (isNews) this.#overloadsInARow++;
      this.#pause(Math.max(failure.retryAfterMs ?? 0, grown(OVERLOADED, this.#overloadsInARow)));
      return;
    }
    if (!isNews) return;
    this.#failuresInARow++;
    if (failure.trouble !== 'broken') this.#forget();
    this.#pause(grown(FAILED, this.#failuresInARow));
    if (this.#failuresInARow === TOLD_FAILURES) this.#setAside(failure);
  }

  /** Gives the seat back without a word about the server. */
  leave(seat: Seat): void {
    this.#inside--;
    if (seat.isTrial) this.#trials--;
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

  #setAside({ message }: ServerFailure): void {
    if (performance.now() - this.#notedAt < NOTE_MS) return;
    this.#notedAt = performance.now();
    this.#isSetAside = true;
    this.#onNote(`${message} It is left alone for a while; its questions go elsewhere.`);
  }

  #isBack(): void {
    this.#failuresInARow = 0;
    this.#overloadsInARow = 0;
    if (this.#isSetAside) this.#onNote(`The server "${this.address}" answers again.`);
    this.#isSetAside = false;
  }

  /** Pauses of many servers should not end together. */
  #pause(ms: number): void {
    const jittered = ms * (1 + Math.random() / 4);
    this.#pausedUntil = Math.max(this.#pausedUntil, performance.now() + jittered);
  }
}

/** The pause after that many failures, in milliseconds. */
function grown({ firstMs, factor }: typeof FAILED, failures: number): number {
  return Math.min(LONGEST_PAUSE_MS, firstMs * factor ** Math.max(0, failures - 1));
}

/** One that came back as something that cannot be used is one that failed. */
function failureOf(error: unknown, address: string): ServerFailure | undefined {
  if (error instanceof ServerFailure && error.trouble !== 'refused') return error;
  if (!(error instanceof ExpectedError) || error.kind === 'interrupted') return undefined;
  return new ServerFailure('denied', address, `is not used: ${error.message.replace(/\.$/, '')}`, {
    cause: error,
  });
}
