import { createHash, randomUUID } from 'node:crypto';
import { mkdir, open, readdir, readFile, rename, stat, unlink, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import type { ImageFeatures } from './engine.js';

/** Raised when an entry's form changes. */
const MAGIC = Buffer.from('LLAVA-F1');
const DIGEST_BYTES = 32;
/** Magic, tokens and width as uint32, sha256 of the values. */
const HEADER_BYTES = MAGIC.length + 8 + DIGEST_BYTES;
const SUFFIX = '.features';
/** What a process that died left half-written is cleared away after that time. */
const STALE_MS = 3_600_000;

/** Tells one tower on one kind of device from all others: the same pixels give other features there. */
export interface TowerIdentity {
  /** Of the mmproj file's content. */
  readonly hash: string;
  readonly device: string;
}

/**
 * Image features on disk, a file for each picture and tower. Several processes may use one folder: an entry appears
 * whole or not at all, is checked by its digest when it is read, and the entries unused for longest go when all
 * together are too large. Whatever fails here is a miss, never an error.
 */
export class FeatureCache {
  readonly #folder: string;
  readonly #maxBytes: number;
  readonly #onFailure: (reason: string) => void;
  #hits = 0;
  #misses = 0;
  #hasFailed = false;

  /** @param onFailure hears once that nothing can be kept, in a sentence */
  constructor(folder: string, maxBytes: number, onFailure: (reason: string) => void = () => undefined) {
    this.#folder = folder;
    this.#maxBytes = maxBytes;
    this.#onFailure = onFailure;
  }

  get hits(): number {
    return this.#hits;
  }

  get misses(): number {
    return this.#misses;
  }

  /** The features kept under that key, undefined when there are none or they are damaged. */
  async read(key: string): Promise<ImageFeatures | undefined> {
    const path = this.#path(key);
    const bytes = await readFile(path).catch(() => undefined);
    const features = bytes === undefined ? undefined : decode(bytes);
    if (features === undefined) {
      this.#misses++;
      return undefined;
    }
    this.#hits++;
    const now = new Date();
    await utimes(path, now, now).catch(() => undefined);
    return features;
  }

  /** Keeps features, and lets go of the oldest when there are too many. */
  async write(key: string, features: ImageFeatures): Promise<void> {
    const temporary = join(this.#folder, `${key}.${randomUUID()}.part`);
    try {
      await mkdir(this.#folder, { recursive: true });
      const file = await open(temporary, 'wx');
      try {
        await file.writeFile(encode(features));
      } finally {
        await file.close();
      }
      await rename(temporary, this.#path(key));
      await this.#evict();
    } catch (error) {
      await unlink(temporary).catch(() => undefined);
      if (this.#hasFailed) return;
      this.#hasFailed = true;
      const reason = error instanceof Error ? error.message : String(error);
      this.#onFailure(`Image features cannot be kept in "${this.#folder}": ${reason}`);
    }
  }

  #path(key: string): string {
    return join(this.#folder, `${key}${SUFFIX}`);
  }

  /** Other processes add to the folder and take from it, so its files are counted anew each time. */
  async #evict(): Promise<void> {
    const entries = [];
    let total = 0;
    for (const name of await readdir(this.#folder)) {
      const path = join(this.#folder, name);
      const stats = await stat(path).catch(() => undefined);
      if (stats === undefined) continue;
      if (name.endsWith(SUFFIX)) {
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

/**
 * The key of a picture's features: its pixels as the tower sees them, which depend on the picture's bytes and all
 * of preprocessing, and the tower.
 */
export function featureKey(rgb: Uint8Array, { hash, device }: TowerIdentity): string {
  const pixels = createHash('sha256').update(rgb).digest('hex');
  return createHash('sha256')
    .update(JSON.stringify([pixels, hash, device]))
    .digest('hex');
}

function encode({ tokens, width, values }: ImageFeatures): Buffer {
  const body = Buffer.from(values.buffer, values.byteOffset, values.byteLength);
  const header = Buffer.alloc(HEADER_BYTES);
  MAGIC.copy(header);
  header.writeUInt32LE(tokens, MAGIC.length);
  header.writeUInt32LE(width, MAGIC.length + 4);
  digestOf(body).copy(header, MAGIC.length + 8);
  return Buffer.concat([header, body]);
}

function decode(bytes: Buffer): ImageFeatures | undefined {
  if (bytes.length < HEADER_BYTES || !bytes.subarray(0, MAGIC.length).equals(MAGIC)) return undefined;
  const tokens = bytes.readUInt32LE(MAGIC.length);
  const width = bytes.readUInt32LE(MAGIC.length + 4);
  const digest = bytes.subarray(MAGIC.length + 8, HEADER_BYTES);
  const body = bytes.subarray(HEADER_BYTES);
  if (body.length !== tokens * width * Float32Array.BYTES_PER_ELEMENT) return undefined;
  if (!digestOf(body).equals(digest)) return undefined;
  // A copy: values must begin at a multiple of four bytes.
  return { tokens, width, values: new Float32Array(Uint8Array.from(body).buffer) };
}

function digestOf(body: Uint8Array): Buffer {
  return createHash('sha256').update(body).digest();
}
