/** How a tensor's numbers are stored in a checkpoint; all little-endian. */
export type NumberType = 'F64' | 'F32' | 'F16' | 'BF16' | 'I64' | 'I32' | 'I16' | 'I8' | 'U8' | 'BOOL';

export const BYTES_OF: Readonly<Record<NumberType, number>> = {
  F64: 8,
  F32: 4,
  F16: 2,
  BF16: 2,
  I64: 8,
  I32: 4,
  I16: 2,
  I8: 1,
  U8: 1,
  BOOL: 1,
};

/** A tensor of a checkpoint, whose numbers stay on disk until they are read. */
export interface CheckpointTensor {
  /** As on disk. */
  readonly name: string;
  readonly type: NumberType;
  /** Outermost dimension first, as torch says it; none for a single number. */
  readonly shape: readonly number[];
  /** Of all its numbers, one after the other. */
  readonly byteLength: number;
  /** The file it lies in, for messages and for reading in order. */
  readonly path: string;
  /**
   * All its numbers in row-major order, little-endian.
   * @throws ExpectedError('weights') when the file can no longer be read; the signal's reason on abort
   */
  read(signal?: AbortSignal): Promise<Uint8Array>;
  /**
   * `count` slices of the outermost dimension from slice `first` on, as `read` gives them: for tensors too large to hold.
   * @throws RangeError for slices that it does not have; else as `read`
   */
  readRows(first: number, count: number, signal?: AbortSignal): Promise<Uint8Array>;
}

/** Tensors by name, in the order in which the files have them. */
export type TensorsByName = ReadonlyMap<string, CheckpointTensor>;
