import { quote } from '../../llava/quote.js';
import { FailedTry } from '../http/failed-try.js';
import type { HubSession } from '../http/hub-session.js';
import type { Pace } from '../http/pace.js';
import { Patience } from '../http/patience.js';
import type { FileLocation } from './file-location.js';
import type { ByteRange } from './gaps.js';
import type { PartFile } from './part-file.js';
import { readRange, StaleAddress, receiveBytes } from './receive-bytes.js';

export interface TransferOptions {
  readonly session: HubSession;
  readonly location: FileLocation;
  readonly part: PartFile;
  readonly pace: Pace;
  readonly connections: number;
  readonly signal: AbortSignal;
  /** Called often, as bytes come in. */
  readonly onBytes: () => void;
  readonly onWait: (note: string) => void;
}

/** What one connection took on, and how it went. */
interface Claim {
  ranges: readonly ByteRange[];
  /** In a row. */
  wholeAnswers: number;
  /** An expired address was replaced without a wait, and nothing came from the new one yet. */
  isAddressFresh: boolean;
}

/** How often a server may answer with the whole file before it counts as one that knows no ranges. */
const MOST_WHOLE_ANSWERS = 2;

/** Brings in what a part is missing, over several connections where the server can do ranges. */
export class Transfer {
  readonly #options: TransferOptions;
  readonly #queue: PieceQueue;
  readonly #failure = new AbortController();
  readonly #signal: AbortSignal;
  /** Opens when a first range came, or the first connection has ended: others join then. */
  readonly #mayJoin: Promise<void>;
  #letJoin: () => void = () => undefined;
  #knowsRanges = false;

  constructor(options: TransferOptions) {
    const { part, connections } = options;
    this.#options = options;
    this.#queue = new PieceQueue(part.missing(), pieceSize(part.bytes, connections));
    this.#signal = AbortSignal.any([options.signal, this.#failure.signal]);
    this.#mayJoin = new Promise((resolve) => {
      this.#letJoin = resolve;
    });
  }

  /**
   * Ends when every byte is noted.
   * @throws FailedTry after too many tries; ExpectedError('weights'); the signal's reason on abort
   */
  async run(): Promise<void> {
    const others = Array.from({ length: this.#options.connections - 1 }, async () => {
      await this.#mayJoin;
      await this.#connect();
    });
    const first = this.#connect().finally(this.#letJoin);
    const results = await Promise.allSettled([first, ...others]);
    this.#options.signal.throwIfAborted();
    // What failed first stopped the others.
    if (this.#failure.signal.aborted) throw this.#failure.signal.reason;
    for (const result of results) if (result.status === 'rejected') throw result.reason;
  }

  async #connect(): Promise<void> {
    try {
      for (let piece = this.#queue.take(); piece !== undefined; piece = this.#queue.take()) {
        this.#signal.throwIfAborted();
        await this.#fetch([piece]);
      }
    } catch (error) {
      this.#failure.abort(error);
      throw error;
    }
  }

  /** Asks for the first missing bytes of what this connection took on, until none is missing. */
  async #fetch(taken: readonly ByteRange[]): Promise<void> {
    const { part, pace, onWait } = this.#options;
    const patience = new Patience({ pace, signal: this.#signal, onWait, progress: () => part.arrived });
    const claim: Claim = { ranges: taken, wholeAnswers: 0, isAddressFresh: false };
    for (;;) {
      const missing = claim.ranges.flatMap((range) => part.missing(range));
      const [next] = missing;
      if (next === undefined) return;
      try {
        await this.#try(next, missing, claim);
      } catch (error) {
        if (part.missing(next)[0]?.start !== next.start) patience.renew();
        if (error instanceof StaleAddress && !claim.isAddressFresh) {
          claim.isAddressFresh = true;
          continue;
        }
        await patience.wait(error);
      }
    }
  }

  async #try(asked: ByteRange, missing: readonly ByteRange[], claim: Claim): Promise<void> {
    const { session, location, part, pace, onBytes } = this.#options;
    const address = await location.get();
    const headers = { range: `bytes=${asked.start}-${asked.end - 1}` };
    const request = {
      method: 'GET',
      url: address,
      headers,
      signal: this.#signal,
      acrossHosts: true,
    } as const;
    const answer = await session.ask(request);
    const { body } = answer;
    const host = answer.url.host;
    try {
      const range = readRange(answer, asked, part.bytes);
      let wanted: readonly ByteRange[] = [asked];
      if (range.isWhole) wanted = this.#useWhole(asked, missing, claim, host);
      else this.#learnRanges(claim);
      await receiveBytes({ body, host, range, wanted, part, pace, onBytes });
    } catch (error) {
      body.destroy();
      this.#signal.throwIfAborted();
      if (error instanceof StaleAddress) location.forget(address);
      throw error;
    }
  }

  #learnRanges(claim: Claim): void {
    claim.wholeAnswers = 0;
    claim.isAddressFresh = false;
    this.#knowsRanges = true;
    this.#letJoin();
  }

  /** What to keep of an answer that starts at byte 0 whatever was asked. */
  #useWhole(
    asked: ByteRange,
    missing: readonly ByteRange[],
    claim: Claim,
    host: string,
  ): readonly ByteRange[] {
    claim.wholeAnswers++;
    const isFirst = claim.wholeAnswers < MOST_WHOLE_ANSWERS;
    if (asked.start === 0 && this.#knowsRanges) return [asked];
    // With nothing here yet all of it is wanted; otherwise ranges deserve a second chance.
    const isAllWanted = asked.start === 0 && this.#options.part.arrived === 0;
    if (isFirst && !isAllWanted)
      throw new FailedTry(`${quote(host)} sends the whole file instead of a range`);
    claim.ranges = [...missing, ...this.#queue.takeAll()];
    return claim.ranges;
  }
}

const SMALLEST_PIECE = 512 * 1024;
const LARGEST_PIECE = 32 * 1024 * 1024;
/** Pieces for each connection: few enough to keep requests rare, enough that all finish at about the same time. */
const PIECES_EACH = 4;

/** Bytes of one range request. */
export function pieceSize(bytes: number, connections: number): number {
  return Math.min(LARGEST_PIECE, Math.max(SMALLEST_PIECE, Math.ceil(bytes / (connections * PIECES_EACH))));
}

/** Hands out what is missing of a file, from its start to its end. */
export class PieceQueue {
  readonly #gaps: ByteRange[];
  readonly #size: number;

  constructor(gaps: readonly ByteRange[], size: number) {
    this.#gaps = [...gaps];
    this.#size = size;
  }

  /** The next piece; undefined when none is left. */
  take(): ByteRange | undefined {
    const gap = this.#gaps.shift();
    if (gap === undefined) return undefined;
    const end = Math.min(gap.end, gap.start + this.#size);
    if (end < gap.end) this.#gaps.unshift({ start: end, end: gap.end });
    return { start: gap.start, end };
  }

  /** All that is left, for a connection that brings the whole file anyway. */
  takeAll(): readonly ByteRange[] {
    return this.#gaps.splice(0);
  }
}
