import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { openCheckpoint } from '../../src/checkpoints/open-checkpoint.js';
import { convertModel, type ConvertedFiles } from '../../src/convert/convert-model.js';
import { fileType } from '../../src/convert/quantising/file-types.js';
import type { Reference } from '../transformers/checkpoints-made.js';

/** What transformers and PEFT made and computed: see test/transformers/make.py. */
export interface Shape {
  readonly folder: string;
  readonly checkpoint: string;
  /** Of a LoRA. */
  readonly base: string | undefined;
  /** CLIP by itself, where the checkpoint does not hold it. */
  readonly tower: string | undefined;
  readonly reference: Reference;
  /** float32 [patches, width]. */
  readonly features: Float32Array;
  /** Natural logarithms, of the answer's first token. */
  readonly logProbabilities: Float32Array;
  readonly pixels: Uint8Array;
}

export function readShape(folder: string): Shape {
  const floats = (name: string) => new Float32Array(Uint8Array.from(readFileSync(join(folder, name))).buffer);
  const part = (name: string) => (existsSync(join(folder, name)) ? join(folder, name) : undefined);
  return {
    folder,
    checkpoint: join(folder, 'checkpoint'),
    base: part('base'),
    tower: part('tower'),
    reference: JSON.parse(readFileSync(join(folder, 'reference.json'), 'utf8')) as Reference,
    features: floats('features.f32'),
    // See scores.py.
    logProbabilities: floats(
      part('exact-logprobs.f32') === undefined ? 'logprobs.f32' : 'exact-logprobs.f32',
    ),
    pixels: readFileSync(join(folder, 'pixels.rgb')),
  };
}

/** Converts a folder into another, all in `type`. */
export async function convertFolder(
  checkpoint: string,
  folder: string,
  {
    base,
    tower,
    type = 'f32',
  }: { base?: string | undefined; tower?: string | undefined; type?: string } = {},
): Promise<ConvertedFiles> {
  return await convertModel({
    source: await openCheckpoint(checkpoint),
    base: base === undefined ? undefined : { checkpoint: await openCheckpoint(base) },
    tower: tower === undefined ? undefined : { checkpoint: await openCheckpoint(tower) },
    type: fileType(type),
    mmprojType: fileType('f32'),
    importance: undefined,
    threads: 1,
    folder,
    force: false,
  });
}
