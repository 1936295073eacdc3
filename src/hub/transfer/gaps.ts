/** Bytes from `start` up to, not including, `end`. */
export interface ByteRange {
  readonly start: number;
  readonly end: number;
}

/** The same bytes as sorted ranges that neither touch nor overlap; empty and reversed ones are left out. */
export function mergeRanges(ranges: readonly ByteRange[]): readonly ByteRange[] {
  const merged: ByteRange[] = [];
  for (const { start, end } of ranges.toSorted((a, b) => a.start - b.start)) {
    if (end <= start) continue;
    const last = merged.at(-1);
    if (last === undefined || start > last.end) merged.push({ start, end });
    else merged[merged.length - 1] = { start: last.start, end: Math.max(last.end, end) };
  }
  return merged;
}

/** What lies within the first `bytes`. */
export function clampRanges(ranges: readonly ByteRange[], bytes: number): readonly ByteRange[] {
  return mergeRanges(
    ranges.map(({ start, end }) => ({ start: Math.max(0, start), end: Math.min(end, bytes) })),
  );
}

/** What `present`, merged, leaves of the first `bytes`, in order. */
export function gapsBetween(present: readonly ByteRange[], bytes: number): readonly ByteRange[] {
  const ends = [0, ...present.map((range) => range.end)];
  const starts = [...present.map((range) => range.start), bytes];
  return ends
    .map((start, index) => ({ start, end: starts[index] ?? bytes }))
    .filter(({ start, end }) => start < end);
}

/** Bytes from the start of the file that are there without a gap. */
export function frontOf(present: readonly ByteRange[]): number {
  const first = present[0];
  return first?.start === 0 ? first.end : 0;
}

/** Bytes in merged ranges. */
export function bytesIn(present: readonly ByteRange[]): number {
  return present.reduce((sum, { start, end }) => sum + end - start, 0);
}
