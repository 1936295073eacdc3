/** Waiting times of a download, in milliseconds unless named otherwise; tests use shorter ones. */
export interface Pace {
  /** To reach a server. */
  readonly connectMs: number;
  /** A connection that sends almost no data for so long is cut and made anew. */
  readonly stalledMs: number;
  /** Tries in a row without a byte before giving up. */
  readonly tries: number;
  /** Longest wait before the second try; each further one doubles. */
  readonly firstWaitMs: number;
  readonly longestWaitMs: number;
  /** Longest wait that a server may ask for. */
  readonly longestAskedMs: number;
  /** A lock that was not renewed for so long belongs to a dead process; at least 2000. */
  readonly lockStaleMs: number;
  /** Between two looks at another process's lock. */
  readonly lockLookMs: number;
}

export const DEFAULT_PACE: Pace = {
  connectMs: 10_000,
  stalledMs: 30_000,
  tries: 5,
  firstWaitMs: 1000,
  longestWaitMs: 30_000,
  longestAskedMs: 300_000,
  lockStaleMs: 10_000,
  lockLookMs: 200,
};
