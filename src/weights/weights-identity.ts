import { createHash, type Hash } from 'node:crypto';
import { open } from 'node:fs/promises';

const SAMPLES = 256;
const SAMPLE_BYTES = 4096;

/**
 * Tells files of weights from all others without reading gigabytes: sha256, in hexadecimal, over the size of each
 * and 256 samples of 4 KiB spread evenly over it. The same wherever the files lie.
 */
export async function identifyFiles(...paths: readonly string[]): Promise<string> {
  const hash = createHash('sha256');
  for (const path of paths) await addSamples(hash, path);
  return hash.digest('hex');
}

async function addSamples(hash: Hash, path: string): Promise<void> {
  const file = await open(path);
  try {
    const { size } = await file.stat();
    hash.update(`${size}\n`);
    const buffer = Buffer.alloc(SAMPLE_BYTES);
    for (let sample = 0; sample < SAMPLES; sample++) {
      const position = Math.floor((Math.max(0, size - SAMPLE_BYTES) * sample) / (SAMPLES - 1));
      const { bytesRead } = await file.read(buffer, 0, SAMPLE_BYTES, position);
      hash.update(buffer.subarray(0, bytesRead));
    }
  } finally {
    await file.close();
  }
}
