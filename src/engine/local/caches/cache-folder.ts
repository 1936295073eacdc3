import { createHash, randomUUID } from 'node:crypto';
import {
  mkdir,
  open,
  readdir,
  readFile,
  rename,
  stat,
  unlink,
  utimes,
  type FileHandle,
} from 'node:fs/promises';
import { join } from 'node:path';
import { writeProblem } from '../../../llava/file-problem.js';
import { quote } from '../../../llava/quote.js';

const DIGEST_BYTES = 32;
const BLOCK_BYTES = 1 << 20;
/** What a process that died left half-written is cleared away after that time. */
const STALE_MS = 3_600_000;

/** Kinds of entries: image features, and sequences that hold an evaluated prefix. */
export type EntryKind = 'features' | 'prefix';

const ENTRY = /\.(features|prefix)$/;

/**
 * Entries on disk that may go at any time, each a file: its content and the sha256 of that. Several processes may use
 * one folder: an entry appears whole or not at all, is checked by its digest when it is read, and the entries unused
 * for longest go when all together are too large. Whatever fails here is a miss, never an error.
 */
export class CacheFolder {
  readonly #folder: string;
  readonly #maxBytes: number;
  readonly #onFailure: (reason: string) => void;
  #hasFailed = false;

  /** @param onFailure hears once that nothing can be kept, in a sentence */
  constructor(folder: string, maxBytes: number, onFailure: (reason: string) => void = () => undefined) {
    this.#folder = folder;
    this.#maxBytes = maxBytes;
    this.#onFailure = onFailure;
  }

  /** The file of a sound entry, which becomes the youngest; undefined when there is none or it is damaged. */
  async find(kind: EntryKind, key: string): Promise<string | undefined> {
    const path = this.#path(kind, key);
    const isSound = await checkDigest(path).catch(() => false);
    if (!isSound) return undefined;
    await makeYoungest(path);
    return path;
  }

  /** The content of a sound entry, as {@link find}. */
  async read(kind: EntryKind, key: string): Promise<Buffer | undefined> {
    const path = this.#path(kind, key);
    const bytes = await readFile(path).catch(() => undefined);
    const content = bytes === undefined ? undefined : soundContent(bytes);
    if (content !== undefined) await makeYoungest(path);
    return content;
  }

  /**
   * Keeps an entry, and lets go of the oldest when there are too many.
   * @param fill writes the content into a new file of that path
   */
  async keep(kind: EntryKind, key: string, fill: (path: string) => Promise<void>): Promise<void> {
    const temporary = join(this.#folder, `${key}.${randomUUID()}.part`);
    try {
      await mkdir(this.#folder, { recursive: true });
      await fill(temporary);
      await addDigest(temporary);
      await rename(temporary, this.#path(kind, key));
      await this.#evict();
    } catch (error) {
      await unlink(temporary).catch(() => undefined);
      if (this.#hasFailed) return;
      this.#hasFailed = true;
      this.#onFailure(`Cannot write to the cache folder ${quote(this.#folder)}: ${writeProblem(error)}.`);
    }
  }

  #path(kind: EntryKind, key: string): string {
    return join(this.#folder, `${key}.${kind}`);
  }

  /** Other processes add to the folder and take from it, so its files are counted anew each time. */
  async #evict(): Promise<void> {
    const entries = [];
    let total = 0;
    for (const name of await readdir(this.#folder)) {
      const path = join(this.#folder, name);
      const stats = await stat(path).catch(() => undefined);
      if (stats === undefined) continue;
      if (ENTRY.test(name)) {
        entries.push({ path, bytes: stats.size, usedMs: stats.mtimeMs });
        total += stats.size;
      } else if (name.endsWith('.part') && Date.now() - stats.mtimeMs > STALE_MS) {
        await unlink(path).catch(() => undefined);
      }
    }
    for (const { path, bytes } of entries.sort((a, b) => a.usedMs - b.usedMs)) {
      if (total <= this.#maxBytes) return;
      await unlink(path).catch(() => undefined);
      total -= bytes;
    }
  }
}

async function makeYoungest(path: string): Promise<void> {
  const now = new Date();
  await utimes(path, now, now).catch(() => undefined);
}

/** What stands before the digest; undefined when the digest is not of that. */
function soundContent(bytes: Buffer): Buffer | undefined {
  const length = bytes.length - DIGEST_BYTES;
  if (length < 0) return undefined;
  const content = bytes.subarray(0, length);
  const isSound = createHash('sha256').update(content).digest().equals(bytes.subarray(length));
  return isSound ? content : undefined;
}

async function addDigest(path: string): Promise<void> {
  const file = await open(path, 'r+');
  try {
    const { size } = await file.stat();
    await file.write(await digestOf(file, size), 0, DIGEST_BYTES, size);
  } finally {
    await file.close();
  }
}

async function checkDigest(path: string): Promise<boolean> {
  const file = await open(path);
  try {
    const { size } = await file.stat();
    const length = size - DIGEST_BYTES;
    if (length < 0) return false;
    const kept = Buffer.alloc(DIGEST_BYTES);
    await file.read(kept, 0, DIGEST_BYTES, length);
    return kept.equals(await digestOf(file, length));
  } finally {
    await file.close();
  }
}

async function digestOf(file: FileHandle, length: number): Promise<Buffer> {
  const hash = createHash('sha256');
  const block = Buffer.alloc(Math.min(BLOCK_BYTES, length));
  for (let position = 0; position < length;) {
    const wanted = Math.min(block.length, length - position);
    const { bytesRead } = await file.read(block, 0, wanted, position);
    if (bytesRead === 0) break;
    hash.update(block.subarray(0, bytesRead));
    position += bytesRead;
  }
  return hash.digest();
}
