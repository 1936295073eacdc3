/** Bytes from `start` up to, not including, `end`. */
export interface Interval {
  readonly start: number;
  readonly end: number;
}

/** The same bytes as sorted intervals that neither touch nor overlap; empty and reversed ones are left out. */
export function mergeIntervals(intervals: readonly Interval[]): readonly Interval[] {
  const merged: Interval[] = [];
  for (const { start, end } of intervals.toSorted((a, b) => a.start - b.start)) {
    if (end <= start) continue;
    const last = merged.at(-1);
    if (last === undefined || start > last.end) merged.push({ start, end });
    else merged[merged.length - 1] = { start: last.start, end: Math.max(last.end, end) };
  }
  return merged;
}

/** What lies within the first `bytes`. */
export function clampIntervals(intervals: readonly Interval[], bytes: number): readonly Interval[] {
  return mergeIntervals(
    intervals.map(({ start, end }) => ({ start: Math.max(0, start), end: Math.min(end, bytes) })),
  );
}

/** What `present`, merged, leaves of the first `bytes`, in order. */
export function gapsBetween(present: readonly Interval[], bytes: number): readonly Interval[] {
  const ends = [0, ...present.map((interval) => interval.end)];
  const starts = [...present.map((interval) => interval.start), bytes];
  return ends
    .map((start, index) => ({ start, end: starts[index] ?? bytes }))
    .filter(({ start, end }) => start < end);
}

/** Bytes from the start of the file that are there without a gap. */
export function frontOf(present: readonly Interval[]): number {
  const first = present[0];
  return first?.start === 0 ? first.end : 0;
}

/** Bytes in merged intervals. */
export function bytesIn(present: readonly Interval[]): number {
  return present.reduce((sum, { start, end }) => sum + end - start, 0);
}
