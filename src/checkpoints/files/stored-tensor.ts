import { BYTES_OF, type CheckpointTensor, type NumberType } from '../checkpoint-tensor.js';
import type { CheckpointFile } from './checkpoint-file.js';

export interface TensorPlace {
  readonly name: string;
  readonly type: NumberType;
  readonly shape: readonly number[];
  /** First byte of its first number, from the file's start. */
  readonly start: number;
  /** Numbers between neighbours of each dimension; undefined for row-major order. */
  readonly strides?: readonly number[] | undefined;
}

/** How many numbers a tensor of that shape has. */
export function countOf(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}

/** Numbers from a tensor's first to behind its last, as they are stored. */
export function spanOf(shape: readonly number[], strides: readonly number[]): number {
  if (shape.includes(0)) return 0;
  return shape.reduce((sum, size, index) => sum + (size - 1) * (strides[index] ?? 0), 1);
}

/** The strides of row-major order. */
export function rowMajor(shape: readonly number[]): readonly number[] {
  return shape.map((_, index) => countOf(shape.slice(index + 1)));
}

/** A tensor at a checked place of a file. */
export class StoredTensor implements CheckpointTensor {
  readonly name: string;
  readonly type: NumberType;
  readonly shape: readonly number[];
  readonly byteLength: number;
  readonly path: string;
  readonly #file: CheckpointFile;
  readonly #start: number;
  /** Undefined where the numbers lie in row-major order. */
  readonly #strides: readonly number[] | undefined;

  constructor(file: CheckpointFile, { name, type, shape, start, strides }: TensorPlace) {
    this.name = name;
    this.type = type;
    this.shape = shape;
    this.byteLength = countOf(shape) * BYTES_OF[type];
    this.path = file.path;
    this.#file = file;
    this.#start = start;
    this.#strides = strides === undefined || isRowMajor(shape, strides) ? undefined : strides;
  }

  async read(signal?: AbortSignal): Promise<Uint8Array> {
    return await this.#readPart(0, this.shape, signal);
  }

  async readRows(first: number, count: number, signal?: AbortSignal): Promise<Uint8Array> {
    const [rows = 0, ...row] = this.shape;
    if (
      !Number.isInteger(first) ||
      !Number.isInteger(count) ||
      first < 0 ||
      count < 0 ||
      first + count > rows
    )
      throw new RangeError(`"${this.name}" has rows 0 to ${rows - 1}, not ${count} from ${first} on.`);
    const stride = this.#strides?.[0] ?? countOf(row);
    return await this.#readPart(first * stride, [count, ...row], signal);
  }

  /** `shape` of the numbers that start `skipped` numbers behind the first. */
  async #readPart(
    skipped: number,
    shape: readonly number[],
    signal: AbortSignal | undefined,
  ): Promise<Uint8Array> {
    const size = BYTES_OF[this.type];
    const start = this.#start + skipped * size;
    if (this.#strides === undefined) return await this.#file.read(start, countOf(shape) * size, signal);
    const stored = await this.#file.read(start, spanOf(shape, this.#strides) * size, signal);
    return gather(stored, shape, this.#strides, size);
  }
}

/** Whether strides are those of row-major order; those of dimensions of one do not matter. */
function isRowMajor(shape: readonly number[], strides: readonly number[]): boolean {
  const expected = rowMajor(shape);
  return shape.every((size, index) => size === 1 || strides[index] === expected[index]);
}

/** Numbers of `size` bytes each in row-major order. */
function gather(
  stored: Uint8Array,
  shape: readonly number[],
  strides: readonly number[],
  size: number,
): Uint8Array {
  const gathered = new Uint8Array(countOf(shape) * size);
  const index = shape.map(() => 0);
  let from = 0;
  for (let to = 0; to < gathered.length; to += size) {
    for (let byte = 0; byte < size; byte++) gathered[to + byte] = stored[from * size + byte] ?? 0;
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      const next = (index[axis] ?? 0) + 1;
      const stride = strides[axis] ?? 0;
      if (next < (shape[axis] ?? 0)) {
        index[axis] = next;
        from += stride;
        break;
      }
      index[axis] = 0;
      from -= stride * (next - 1);
    }
  }
  return gathered;
}
