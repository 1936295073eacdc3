import type { Interval } from './gaps.js';

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
  readonly #gaps: Interval[];
  readonly #size: number;

  constructor(gaps: readonly Interval[], size: number) {
    this.#gaps = [...gaps];
    this.#size = size;
  }

  /** The next piece; undefined when none is left. */
  take(): Interval | undefined {
    const gap = this.#gaps.shift();
    if (gap === undefined) return undefined;
    const end = Math.min(gap.end, gap.start + this.#size);
    if (end < gap.end) this.#gaps.unshift({ start: end, end: gap.end });
    return { start: gap.start, end };
  }

  /** All that is left, for a connection that brings the whole file anyway. */
  takeAll(): readonly Interval[] {
    return this.#gaps.splice(0);
  }
}
