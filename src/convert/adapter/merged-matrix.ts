import type { LoraPair } from '../../checkpoints/checkpoint.js';
import { readFloats } from '../float-formats.js';
import type { NumberSource } from '../number-source.js';

/** A matrix with its low-rank change added, as PEFT merges it: `w + scale · (b · a)`, summed in float64, float32 in the end. */
export function mergedMatrix(matrix: NumberSource, { a, b, scale }: LoraPair): NumberSource {
  const [, inputs = 1] = matrix.shape;
  const [rank = 1] = a.shape;
  let first: Promise<Float32Array> | undefined;
  return {
    type: 'F32',
    shape: matrix.shape,
    async readRows(start, count, signal) {
      first ??= a.read(signal).then((bytes) => readFloats(bytes, a.type));
      const [down, up, rows] = await Promise.all([
        first,
        b.readRows(start, count, signal).then((bytes) => readFloats(bytes, b.type)),
        matrix.readRows(start, count, signal).then((bytes) => readFloats(bytes, matrix.type)),
      ]);
      const merged = new Float32Array(count * inputs);
      const sums = new Float64Array(inputs);
      for (let row = 0; row < count; row++) {
        sums.fill(0);
        for (let r = 0; r < rank; r++) {
          const factor = up[row * rank + r] ?? 0;
          for (let i = 0; i < inputs; i++) sums[i] = (sums[i] ?? 0) + factor * (down[r * inputs + i] ?? 0);
        }
        for (let i = 0; i < inputs; i++)
          merged[row * inputs + i] = (rows[row * inputs + i] ?? 0) + scale * (sums[i] ?? 0);
      }
      return new Uint8Array(merged.buffer);
    },
  };
}

/** The same matrices by name, those with a pair merged. @param named pairs by the matrix's name without `.weight` */
export function mergePairs(
  matrices: ReadonlyMap<string, NumberSource>,
  named: ReadonlyMap<string, LoraPair>,
): ReadonlyMap<string, NumberSource> {
  const merged = new Map(matrices);
  for (const [module, pair] of named) {
    const matrix = matrices.get(`${module}.weight`);
    if (matrix !== undefined) merged.set(`${module}.weight`, mergedMatrix(matrix, pair));
  }
  return merged;
}
