import { createHash } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import type { CacheFolder } from './cache-folder.js';
import type { ImageFeatures } from '../image-features.js';

/** Raised when an entry's form changes. */
const MAGIC = Buffer.from('LLAVA-F3');
/** Magic, tokens and width as uint32; float32 follow: values, then attention. */
const HEADER_BYTES = MAGIC.length + 8;

/** Tells one tower on one kind of device from all others: the same pixels give other features there. */
export interface TowerIdentity {
  /** Of the mmproj file's content. */
  readonly hash: string;
  readonly device: string;
}

/** Image features on disk, an entry for each picture and tower. */
export class FeatureCache {
  readonly #folder: CacheFolder;
  #hits = 0;
  #misses = 0;

  constructor(folder: CacheFolder) {
    this.#folder = folder;
  }

  get hits(): number {
    return this.#hits;
  }

  get misses(): number {
    return this.#misses;
  }

  /** The features kept under that key, or made now and kept; those of another shape are made again. */
  async get(
    key: string,
    { tokens, width }: Pick<ImageFeatures, 'tokens' | 'width'>,
    make: () => Promise<ImageFeatures>,
  ): Promise<ImageFeatures> {
    const kept = await this.read(key);
    if (kept?.tokens === tokens && kept.width === width) return kept;
    const made = await make();
    await this.write(key, made);
    return made;
  }

  /** The features kept under that key, undefined when there are none or they are damaged. */
  async read(key: string): Promise<ImageFeatures | undefined> {
    const bytes = await this.#folder.read('features', key);
    const features = bytes === undefined ? undefined : decode(bytes);
    if (features === undefined) this.#misses++;
    else this.#hits++;
    return features;
  }

  async write(key: string, features: ImageFeatures): Promise<void> {
    await this.#folder.keep('features', key, (path) => writeFile(path, encode(features), { flag: 'wx' }));
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

function encode({ tokens, width, values, attention }: ImageFeatures): Buffer {
  const header = Buffer.alloc(HEADER_BYTES);
  MAGIC.copy(header);
  header.writeUInt32LE(tokens, MAGIC.length);
  header.writeUInt32LE(width, MAGIC.length + 4);
  const floats = [values, attention].map(({ buffer, byteOffset, byteLength }) =>
    Buffer.from(buffer, byteOffset, byteLength),
  );
  return Buffer.concat([header, ...floats]);
}

function decode(bytes: Buffer): ImageFeatures | undefined {
  if (bytes.length < HEADER_BYTES || !bytes.subarray(0, MAGIC.length).equals(MAGIC)) return undefined;
  const tokens = bytes.readUInt32LE(MAGIC.length);
  const width = bytes.readUInt32LE(MAGIC.length + 4);
  const body = bytes.subarray(HEADER_BYTES);
  if (body.length !== tokens * (width + 1) * Float32Array.BYTES_PER_ELEMENT) return undefined;
  // A copy: values must begin at a multiple of four bytes.
  const floats = new Float32Array(Uint8Array.from(body).buffer);
  const attention = floats.subarray(tokens * width);
  return { tokens, width, values: floats.subarray(0, tokens * width), attention };
}
