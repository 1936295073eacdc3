import { readFile } from 'node:fs/promises';
import { fileProblem } from '../../llava/file-problem.js';
import { quote } from '../../llava/quote.js';
import { readGgufHeader, type GgufHeader } from '../../weights/gguf/gguf-header.js';
import { refuse } from '../refusals.js';

/** How much the columns of a model's matrices matter, and what the quantised file says of that. */
export interface Importance {
  readonly importance: readonly (readonly [matrix: string, values: Float32Array])[];
  readonly keys: readonly (readonly [name: string, value: string | number])[];
}

/**
 * An importance matrix that llama.cpp's `llama-imatrix` wrote, of its present format or that of before 2025, with the values
 * and the keys that llama-quantize makes of it. Source: llama.cpp v0.5.0, common/imatrix-loader.cpp and tools/quantize.
 * @throws ExpectedError('weights') for what is none
 */
export async function readImatrix(path: string): Promise<Importance> {
  const bytes = await readFile(path).catch((error: unknown) => {
    throw refuse(`The importance matrix ${quote(path)} cannot be read: ${fileProblem(error)}.`, HINT, error);
  });
  const isGguf = bytes.toString('latin1', 0, 4) === 'GGUF';
  const { dataset, chunks, importance } = isGguf
    ? readGguf(await readGgufHeader(path), bytes)
    : readOld(path, bytes);
  const keys: (readonly [string, string | number])[] = [['quantize.imatrix.file', path]];
  if (dataset !== undefined) keys.push(['quantize.imatrix.dataset', dataset]);
  keys.push(['quantize.imatrix.entries_count', importance.length]);
  if (chunks > 0) keys.push(['quantize.imatrix.chunks_count', chunks]);
  return { importance, keys };
}

const HINT = 'Name a file that llama.cpp’s llama-imatrix wrote for this model';

interface Contents {
  readonly dataset: string | undefined;
  readonly chunks: number;
  readonly importance: readonly (readonly [string, Float32Array])[];
}

function readGguf(header: GgufHeader, bytes: Buffer): Contents {
  const { metadata, path, tensors } = header;
  const datasets = metadata.get('imatrix.datasets');
  const chunks = metadata.get('imatrix.chunk_count');
  if (typeof datasets !== 'object' || typeof chunks !== 'number' || !metadata.has('imatrix.chunk_size'))
    throw refuse(`${quote(path)} is no importance matrix.`, HINT);
  const floats = (name: string) => {
    const tensor = tensors.get(name);
    if (tensor?.type !== 'f32')
      throw refuse(`The importance matrix ${quote(path)} lacks ${quote(name)}.`, HINT);
    return new Float32Array(
      Uint8Array.from(bytes.subarray(tensor.offset, tensor.offset + tensor.bytes)).buffer,
    );
  };
  const suffix = '.in_sum2';
  const matrices = [...tensors.keys()]
    .filter((name) => name.endsWith(suffix))
    .map((name) => name.slice(0, -suffix.length));
  const importance = matrices.map((matrix) => {
    const counts = floats(`${matrix}.counts`);
    const sums = floats(matrix + suffix);
    const columns = sums.length / counts.length;
    const values = sums.map((sum, index) => {
      const count = Math.round(counts[Math.floor(index / columns)] ?? 0);
      return count > 0 ? sum / count : 1;
    });
    return [matrix, values] as const;
  });
  const [dataset] = datasets.values ?? [];
  return { dataset: typeof dataset === 'string' ? dataset : undefined, chunks, importance };
}

/** Little-endian: the number of entries; of each the name, the number of calls, and the sums; then chunks and data set. */
function readOld(path: string, bytes: Buffer): Contents {
  let position = 0;
  const take = (length: number) => {
    const part = bytes.subarray(position, position + length);
    if (length < 0 || part.length < length)
      throw refuse(`${quote(path)} is no importance matrix, or cut off.`, HINT);
    position += length;
    return part;
  };
  const integer = () => take(4).readInt32LE();
  const entries = integer();
  if (entries < 1 || entries > bytes.length / 12)
    throw refuse(`${quote(path)} is no importance matrix.`, HINT);
  const importance = Array.from({ length: entries }, () => {
    const matrix = take(integer()).toString();
    const calls = integer();
    const sums = new Float32Array(Uint8Array.from(take(4 * integer())).buffer);
    return [matrix, calls > 0 ? sums.map((sum) => sum / calls) : sums] as const;
  });
  const isMore = position < bytes.length;
  const chunks = isMore ? integer() : 0;
  const dataset = isMore && position < bytes.length ? take(integer()).toString() : undefined;
  return { dataset: dataset === '' ? undefined : dataset, chunks, importance };
}
