import type { Metadata } from './metadata.js';

/** Number formats that are written; quantised ones are llama.cpp's work. */
export type FloatFormat = 'f32' | 'f16' | 'bf16';

export const BYTES_OF_FORMAT: Readonly<Record<FloatFormat, number>> = { f32: 4, f16: 2, bf16: 2 };

/** A tensor that is to be written, whose numbers are made when their turn comes. */
export interface PlannedTensor {
  readonly name: string;
  /** Outermost dimension first, as in checkpoints. */
  readonly shape: readonly number[];
  readonly format: FloatFormat;
  /** Its numbers in order, as many bytes as shape and format say. @throws the signal's reason on abort */
  chunks(signal?: AbortSignal): AsyncIterable<Uint8Array>;
}

/** A GGUF file that is to be written. */
export interface PlannedFile {
  readonly metadata: Metadata;
  readonly tensors: readonly PlannedTensor[];
}

/** Bytes of a tensor's numbers. */
export function bytesOf({ shape, format }: Pick<PlannedTensor, 'shape' | 'format'>): number {
  return shape.reduce((product, size) => product * size, 1) * BYTES_OF_FORMAT[format];
}
