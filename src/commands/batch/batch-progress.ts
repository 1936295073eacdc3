import type { BatchSummary } from '../../batch/batch-summary.js';
import { formatDuration } from '../../llava/format.js';

/** What is known beside the summary while a batch runs. */
export interface BatchState {
  /** Since the run began. */
  readonly seconds: number;
  /** Of the input; undefined for a pipe. */
  readonly inputBytes: number | undefined;
  /** Pictures whose features came from the cache; undefined without one. */
  readonly cacheHits: number | undefined;
}

/** `12 rows: 8 answered, 2 repeated, 1 resumed, 1 failed; 3 pictures`. */
export function describeSummary(summary: BatchSummary): string {
  const { rows, answered, repeated, resumed, failed, pictures, stopped } = summary;
  const counts = { answered, repeated, resumed, failed };
  const parts = Object.entries(counts).filter(([name, count]) => count > 0 || name === 'answered');
  const told = parts.map(([name, count]) => `${count} ${name}`).join(', ');
  const why = stopped === undefined ? '' : stopped === 'interrupted' ? '; interrupted' : '; too many failed';
  return `${rows} rows: ${told}; ${pictures} pictures${why}`;
}

/** The summary so far, with rate, time left, and what was saved. */
export function describeProgress(summary: BatchSummary, state: BatchState): string {
  const { answered, pictures } = summary;
  const { seconds, cacheHits } = state;
  const left = secondsLeft(summary, state);
  const parts = [
    describeSummary(summary),
    `${(answered / Math.max(seconds, 0.001)).toFixed(1)} per second`,
    `prefix shared ${Math.max(0, answered - pictures)} times`,
    ...(cacheHits === undefined ? [] : [`features from the cache ${cacheHits} times`]),
    formatDuration(seconds),
    ...(left === undefined ? [] : [`about ${formatDuration(left)} left`]),
  ];
  return parts.join('; ');
}

/** By the bytes of the input; what earlier runs did took no time. */
function secondsLeft({ bytes }: BatchSummary, { seconds, inputBytes }: BatchState): number | undefined {
  const own = bytes.done - bytes.resumed;
  if (inputBytes === undefined || own === 0) return undefined;
  return (Math.max(0, inputBytes - bytes.done) * seconds) / own;
}
