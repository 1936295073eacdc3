import { writeFileSync } from 'node:fs';
import { readGguf } from '../reference/gguf-reader.js';
import { tensorToWrite, writeGguf } from '../reference/gguf-writer.js';
import { Seeded } from '../reference/seeded.js';

const CHUNKS = 3;
const CALLS = 12;
const DATASET = 'shapes.txt';

/** Sums of squared inputs, for each column of a model's matrices in its blocks: random, the same each time. */
function columnSums(model: string): readonly (readonly [name: string, sums: Float32Array])[] {
  const random = new Seeded(11);
  return [...readGguf(model).tensors.values()]
    .filter(({ name, shape }) => name.startsWith('blk.') && shape.length === 2)
    .map(({ name, shape }) => [
      name,
      Float32Array.from({ length: shape[0]! }, () => 12 * random.next() ** 4 + 0.01),
    ]);
}

/** As llama-imatrix writes it, in the format since 2025. */
export function writeImatrix(path: string, model: string): void {
  const tensors = columnSums(model).flatMap(([name, sums]) => [
    tensorToWrite(`${name}.in_sum2`, [sums.length, 1], 'F32', sums),
    tensorToWrite(`${name}.counts`, [1, 1], 'F32', Float32Array.of(CALLS)),
  ]);
  const metadata = new Map([
    ['general.type', { type: 'string', value: 'imatrix' }],
    ['imatrix.datasets', { type: 'array', of: 'string', items: [DATASET] }],
    ['imatrix.chunk_count', { type: 'uint32', value: CHUNKS }],
    ['imatrix.chunk_size', { type: 'uint32', value: 512 }],
  ] as const);
  writeGguf(path, { version: 3, metadata, tensors });
}

/** As it wrote it before. */
export function writeOldImatrix(path: string, model: string): void {
  const matrices = columnSums(model);
  const integer = (value: number) => Buffer.from(Int32Array.of(value).buffer);
  const parts = matrices.flatMap(([name, sums]) => [
    integer(name.length),
    Buffer.from(name),
    integer(CALLS),
    integer(sums.length),
    Buffer.from(sums.buffer),
  ]);
  const end = [integer(CHUNKS), integer(DATASET.length), Buffer.from(DATASET)];
  writeFileSync(path, Buffer.concat([integer(matrices.length), ...parts, ...end]));
}
