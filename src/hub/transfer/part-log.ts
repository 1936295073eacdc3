import { clampIntervals, type Interval } from './gaps.js';

/** Which file a part belongs to. */
export interface PartIdentity {
  readonly bytes: number;
  /** Its hash, or what else stands for its content. */
  readonly name: string;
}

/** The first line of a log, and the whole of a new one. */
export function formatIdentity(identity: PartIdentity): string {
  return `${JSON.stringify({ bytes: identity.bytes, name: identity.name })}\n`;
}

/** One line: these bytes are on disk. */
export function formatInterval({ start, end }: Interval): string {
  return `${start} ${end - start}\n`;
}

/**
 * What a log says, merged and within the file. A line without its end, torn off by a crash, does not count, nor does
 * one that is no interval: its bytes are fetched again.
 * @returns undefined when the first line is no identity
 */
export function parseLog(text: string): { identity: PartIdentity; present: readonly Interval[] } | undefined {
  const [first, ...lines] = text.split('\n').slice(0, -1);
  const identity = parseIdentity(first ?? '');
  if (identity === undefined) return undefined;
  const intervals = lines.flatMap((line) => {
    const [, start, length] = /^(\d{1,15}) (\d{1,15})$/.exec(line) ?? [];
    return start === undefined ? [] : [{ start: Number(start), end: Number(start) + Number(length) }];
  });
  return { identity, present: clampIntervals(intervals, identity.bytes) };
}

function parseIdentity(line: string): PartIdentity | undefined {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return undefined;
  }
  if (typeof value !== 'object' || value === null || !('bytes' in value) || !('name' in value))
    return undefined;
  const { bytes, name } = value;
  if (!Number.isSafeInteger(bytes) || typeof bytes !== 'number' || typeof name !== 'string') return undefined;
  return { bytes, name };
}
