import { open, readFile, rename, rm, stat, writeFile, type FileHandle } from 'node:fs/promises';
import { isObject, parseJson } from '../../llava/json.js';
import { diskError } from './disk.js';
import { bytesIn, clampRanges, frontOf, gapsBetween, mergeRanges, type ByteRange } from './gaps.js';

/** Data is forced to the disk this often; the hash at the end finds what a power cut takes in between. */
const SYNC_EVERY_BYTES = 64 * 1024 * 1024;

/** Where the unfinished file and its log lie. */
export function partPaths(target: string): { readonly part: string; readonly log: string } {
  return { part: `${target}.part`, log: `${target}.part.log` };
}

/** What is on disk of an unfinished download; empty when there is none. */
export async function readPresent(
  target: string,
): Promise<{ identity: PartIdentity | undefined; present: readonly ByteRange[] }> {
  const { part, log } = partPaths(target);
  const text = await readFile(log, 'utf8').catch(() => '');
  const parsed = parseLog(text);
  if (parsed === undefined) return { identity: undefined, present: [] };
  const size = await stat(part).then(
    (stats) => stats.size,
    () => 0,
  );
  return { identity: parsed.identity, present: clampRanges(parsed.present, size) };
}

/** Removes what is left of a download; safe where nothing is. */
export async function removePart(target: string): Promise<void> {
  const { part, log } = partPaths(target);
  // The log goes first: a part without one is begun anew.
  await rm(log, { force: true });
  await rm(part, { force: true });
}

/**
 * An unfinished file with holes, and the log beside it of what is there. The log is written behind the data, so that
 * a process that is killed loses no more than what it had not noted. Methods throw ExpectedError('weights') when the
 * disk is full or refuses.
 */
export class PartFile implements AsyncDisposable {
  readonly bytes: number;
  readonly #target: string;
  readonly #data: FileHandle;
  readonly #log: FileHandle;
  #present: readonly ByteRange[];
  #unnoted = 0;
  #unsynced = 0;

  private constructor(
    target: string,
    bytes: number,
    files: [FileHandle, FileHandle],
    present: readonly ByteRange[],
  ) {
    this.#target = target;
    this.bytes = bytes;
    [this.#data, this.#log] = files;
    this.#present = present;
  }

  /** Opens the part of `target`, or begins one when there is none or it is of another file. */
  static async open(target: string, identity: PartIdentity): Promise<PartFile> {
    const { part, log } = partPaths(target);
    try {
      const found = await readPresent(target);
      const isSame = found.identity?.bytes === identity.bytes && found.identity.name === identity.name;
      const present = isSame ? found.present : [];
      if (present.length === 0) await rm(part, { force: true });
      await writeFile(`${log}.new`, formatIdentity(identity) + present.map(formatRange).join(''));
      await rename(`${log}.new`, log);
      const data = await open(part, present.length === 0 ? 'w+' : 'r+');
      return new PartFile(target, identity.bytes, [data, await open(log, 'a')], present);
    } catch (error) {
      throw diskError(target, error);
    }
  }

  /** Bytes that are here, noted or not yet. */
  get arrived(): number {
    return Math.min(this.bytes, bytesIn(this.#present) + this.#unnoted);
  }

  /** Bytes from the start that are noted without a gap. */
  get front(): number {
    return frontOf(this.#present);
  }

  /** What of the file, or of one range, is not noted. */
  missing({ start, end }: ByteRange = { start: 0, end: this.bytes }): readonly ByteRange[] {
    return gapsBetween(this.#present, this.bytes)
      .map((gap) => ({ start: Math.max(gap.start, start), end: Math.min(gap.end, end) }))
      .filter((gap) => gap.start < gap.end);
  }

  async write(bytes: Uint8Array, position: number): Promise<void> {
    try {
      for (let done = 0; done < bytes.length;) {
        const { bytesWritten } = await this.#data.write(bytes, done, bytes.length - done, position + done);
        done += bytesWritten;
      }
    } catch (error) {
      throw diskError(this.#target, error);
    }
    this.#unnoted += bytes.length;
  }

  /** Notes that a range was written whole. */
  async note(range: ByteRange): Promise<void> {
    const length = range.end - range.start;
    if (length === 0) return;
    try {
      this.#unsynced += length;
      if (this.#unsynced >= SYNC_EVERY_BYTES) {
        this.#unsynced = 0;
        await this.#data.datasync();
      }
      await this.#log.appendFile(formatRange(range));
    } catch (error) {
      throw diskError(this.#target, error);
    }
    this.#unnoted -= length;
    this.#present = mergeRanges([...this.#present, range]);
  }

  /** Fills `buffer` from `position` on as far as the part goes; returns the bytes read. */
  async read(buffer: Uint8Array, position: number): Promise<number> {
    const { bytesRead } = await this.#data.read(buffer, 0, buffer.length, position);
    return bytesRead;
  }

  /** Makes the part the target, safe from a power cut. */
  async finish(): Promise<void> {
    const { part, log } = partPaths(this.#target);
    try {
      await this.#data.sync();
      await this[Symbol.asyncDispose]();
      await rename(part, this.#target);
      await rm(log, { force: true });
    } catch (error) {
      throw diskError(this.#target, error);
    }
  }

  /** Removes part and log: they are worth nothing. */
  async discard(): Promise<void> {
    await this[Symbol.asyncDispose]();
    await removePart(this.#target);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([this.#data.close(), this.#log.close()]);
  }
}

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
export function formatRange({ start, end }: ByteRange): string {
  return `${start} ${end - start}\n`;
}

/**
 * What a log says, merged and within the file. A line without its end, torn off by a crash, does not count, nor does
 * one that is no range: its bytes are fetched again.
 * @returns undefined when the first line is no identity
 */
export function parseLog(
  text: string,
): { identity: PartIdentity; present: readonly ByteRange[] } | undefined {
  const [first, ...lines] = text.split('\n').slice(0, -1);
  const identity = parseIdentity(first ?? '');
  if (identity === undefined) return undefined;
  const ranges = lines.flatMap((line) => {
    const [, start, length] = /^(\d{1,15}) (\d{1,15})$/.exec(line) ?? [];
    return start === undefined ? [] : [{ start: Number(start), end: Number(start) + Number(length) }];
  });
  return { identity, present: clampRanges(ranges, identity.bytes) };
}

function parseIdentity(line: string): PartIdentity | undefined {
  const value = parseJson(line);
  if (!isObject(value)) return undefined;
  const { bytes, name } = value;
  if (!Number.isSafeInteger(bytes) || typeof bytes !== 'number' || typeof name !== 'string') return undefined;
  return { bytes, name };
}
