import * as v from 'valibot';

const count = v.pipe(v.number(), v.integer(), v.minValue(1));

/** Names between slashes, none of them `.` or `..`: they become addresses and paths in the cache. */
function isPlainPath(path: string): boolean {
  return path.split('/').every((name) => /^[\w.-]+$/.test(name) && !/^\.+$/.test(name));
}

/** A file on the hub, as a catalogue describes it. */
export const hubFileSchema = v.strictObject({
  /** `owner/name`. */
  repo: v.pipe(
    v.string(),
    v.check((name) => isPlainPath(name) && name.split('/').length === 2),
  ),
  /** A commit, or the branch where none is known; the commit met first is locked then. */
  revision: v.pipe(
    v.string(),
    v.check((name) => isPlainPath(name) && !name.includes('/')),
  ),
  /** Inside the repository. */
  path: v.pipe(v.string(), v.check(isPlainPath)),
  /** Exact, where it is published. */
  bytes: v.optional(count),
  /** As rounded on the repository's page; stands in for `bytes`. */
  roughBytes: v.optional(count),
  /** Where it is published; otherwise the hub's own is taken and locked. */
  sha256: v.optional(v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/))),
});

export type HubFile = v.InferOutput<typeof hubFileSchema>;

/** Bytes of a file, exact where that is known. */
export function sizeOf(file: HubFile): number {
  return file.bytes ?? file.roughBytes ?? 0;
}
