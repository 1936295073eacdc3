import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { writeGguf } from './gguf-writer.js';
import { randomText, type TextOptions } from './random-text.js';
import { randomVision, type VisionOptions } from './random-vision.js';

export interface PairPaths {
  readonly model: string;
  readonly mmproj: string;
}

/**
 * Writes model.gguf and mmproj.gguf of a tiny LLaVA-1.5 with random weights into a folder: real keys and
 * tensor names, no knowledge. The image features are as wide as the text model unless told otherwise.
 */
export function writeRandomPair(directory: string, options: VisionOptions & TextOptions = {}): PairPaths {
  mkdirSync(directory, { recursive: true });
  const model = join(directory, 'model.gguf');
  writeGguf(model, randomText(options));
  return {
    model,
    mmproj: writeRandomVision(directory, { projectorWidth: options.textWidth ?? 128, ...options }),
  };
}

/** Writes mmproj.gguf alone. */
export function writeRandomVision(directory: string, options: VisionOptions = {}): string {
  mkdirSync(directory, { recursive: true });
  const mmproj = join(directory, 'mmproj.gguf');
  writeGguf(mmproj, randomVision(options));
  return mmproj;
}
