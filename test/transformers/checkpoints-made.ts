import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { CheckpointTensor } from '../../src/checkpoints/checkpoint-tensor.js';
import { projectFile } from '../helpers/run-llava.js';
import { fromBrainFloat, fromHalf } from '../reference/half.js';

/** What `prepare` made: `make.py` says what is where. */
export const MADE = projectFile('test/transformers/.build/checkpoints');

/** The shapes whose folders hold a file of that name. */
export function shapesWith(file: string): readonly string[] {
  return readdirSync(MADE).filter((shape) => readdirSync(join(MADE, shape)).includes(file));
}

/** What is known of a shape's texts and sizes. */
export interface Reference {
  readonly imageSize: number;
  readonly textBefore: string;
  readonly textAfter: string;
  readonly idsBefore: readonly number[];
  readonly idsAfter: readonly number[];
  readonly featureShape: readonly [number, number];
  readonly rows: number;
}

export function referenceOf(shape: string): Reference {
  return JSON.parse(readFileSync(join(MADE, shape, 'reference.json'), 'utf8')) as Reference;
}

/** A tensor's numbers as float32, whatever they are stored as. */
export async function floatsOfTensor(tensor: CheckpointTensor): Promise<Float32Array> {
  return toFloats(tensor.type, await tensor.read());
}

/** The numbers as float32: the torch types that weights are stored as. */
function toFloats(type: string, bytes: Uint8Array): Float32Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const floats = new Float32Array(bytes.length / (type === 'F32' ? 4 : 2));
  for (let at = 0; at < floats.length; at++) {
    if (type === 'F32') floats[at] = view.getFloat32(at * 4, true);
    else if (type === 'F16') floats[at] = fromHalf(view.getUint16(at * 2, true));
    else if (type === 'BF16') floats[at] = fromBrainFloat(view.getUint16(at * 2, true));
    else throw new Error(`No weight is stored as ${type}`);
  }
  return floats;
}
