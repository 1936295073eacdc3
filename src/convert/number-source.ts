import { BYTES_OF, type CheckpointTensor, type NumberType } from '../checkpoints/checkpoint-tensor.js';
import { convertNumbers } from './float-formats.js';
import type { FloatFormat, PlannedTensor } from './gguf/planned-file.js';

/** What numbers come from: a tensor of a checkpoint, or one that is made of several. */
export type NumberSource = Pick<CheckpointTensor, 'type' | 'shape' | 'readRows'>;

/** Held at once, in bytes of the source. */
const CHUNK_BYTES = 1 << 23;

/** Numbers that are written as they come, or in rows of another order within `rowsTogether` rows. */
export interface RowOrder {
  readonly rowsTogether: number;
  /** Where row `row` of such a group comes from, in the group. */
  readonly from: (row: number) => number;
}

/** A tensor to write from a source, converted a few rows at a time. */
export function planTensor(
  name: string,
  source: NumberSource,
  format: FloatFormat,
  order?: RowOrder,
): PlannedTensor {
  return {
    name,
    shape: source.shape,
    format,
    async *chunks(signal) {
      for await (const rows of rowChunks(source, order?.rowsTogether ?? 1, signal)) {
        const sorted = order === undefined ? rows : reordered(rows, order, rowBytes(source));
        yield convertNumbers(sorted, source.type, format);
      }
    },
  };
}

/** All rows in order, several groups of `together` rows at a time. */
export async function* rowChunks(
  source: NumberSource,
  together: number,
  signal?: AbortSignal,
): AsyncGenerator<Uint8Array> {
  const rows = source.shape[0] ?? 1;
  const groupBytes = together * rowBytes(source);
  const step = together * Math.max(1, Math.floor(CHUNK_BYTES / groupBytes));
  const read = (first: number) => {
    const reading = source.readRows(first, Math.min(step, rows - first), signal);
    // Nobody waits for rows any more where the work ends before their turn.
    reading.catch(() => undefined);
    return reading;
  };
  // The next rows are read while the last are worked on.
  let reading = read(0);
  for (let first = 0; first < rows; first += step) {
    signal?.throwIfAborted();
    const chunk = await reading;
    if (first + step < rows) reading = read(first + step);
    yield chunk;
  }
}

/** Bytes of one slice of the outermost dimension. */
export function rowBytes({ shape, type }: Pick<NumberSource, 'shape' | 'type'>): number {
  return shape.slice(1).reduce((product, size) => product * size, 1) * BYTES_OF[type];
}

function reordered(rows: Uint8Array, { rowsTogether, from }: RowOrder, bytes: number): Uint8Array {
  const sorted = new Uint8Array(rows.length);
  for (let row = 0; row * bytes < rows.length; row++) {
    const group = row - (row % rowsTogether);
    const source = (group + from(row % rowsTogether)) * bytes;
    sorted.set(rows.subarray(source, source + bytes), row * bytes);
  }
  return sorted;
}

/** Rows `first` to `first + count` of a source. */
export function rowsOf(source: NumberSource, first: number, count: number): NumberSource {
  return {
    type: source.type,
    shape: [count, ...source.shape.slice(1)],
    readRows: (start, rows, signal) => source.readRows(first + start, rows, signal),
  };
}

/** Numbers that are at hand. */
export function sourceOf(values: Float32Array, shape: readonly number[]): NumberSource {
  const type: NumberType = 'F32';
  const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
  const perRow = rowBytes({ shape, type });
  return {
    type,
    shape,
    readRows: (first, count) => Promise.resolve(bytes.subarray(first * perRow, (first + count) * perRow)),
  };
}
