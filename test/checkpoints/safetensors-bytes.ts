import { writeFile } from 'node:fs/promises';

/** A tensor of a safetensors header, with the places that it claims. */
export interface Claim {
  readonly dtype: string;
  readonly shape: readonly unknown[];
  readonly data_offsets: readonly unknown[];
}

/** A file of that header, as text or an object, and `data` behind it; `length` is the header's, true or not. */
export function safetensorsBytes(header: string | object, data: Uint8Array, length?: bigint): Buffer {
  const text = Buffer.from(typeof header === 'string' ? header : JSON.stringify(header));
  const front = Buffer.alloc(8);
  front.writeBigUInt64LE(length ?? BigInt(text.length));
  return Buffer.concat([front, text, data]);
}

/**
 * A header of tensors that stand one behind the other, and the bytes that they take.
 * @param shapes outermost dimension first, by name
 * @param size bytes of one number of that type
 */
export function packTensors(
  shapes: Readonly<Record<string, readonly number[]>>,
  dtype: string,
  size: number,
): { readonly header: Readonly<Record<string, Claim>>; readonly bytes: number } {
  let bytes = 0;
  const header = Object.fromEntries(
    Object.entries(shapes).map(([name, shape]) => {
      const start = bytes;
      bytes += shape.reduce((product, one) => product * one, size);
      return [name, { dtype, shape, data_offsets: [start, bytes] } satisfies Claim];
    }),
  );
  return { header, bytes };
}

/** Bytes 0, 1, 2 … */
export function countingBytes(count: number): Uint8Array {
  return Uint8Array.from({ length: count }, (_, index) => index & 255);
}

/** Float32 tensors as `save_file` writes them, one behind the other. */
export async function writeSafetensors(
  path: string,
  tensors: Readonly<
    Record<string, { readonly shape: readonly number[]; readonly values: readonly number[] }>
  >,
): Promise<void> {
  const shapes = Object.entries(tensors).map(([name, { shape }]) => [name, shape] as const);
  const { header } = packTensors(Object.fromEntries(shapes), 'F32', 4);
  const numbers = Float32Array.from(Object.values(tensors).flatMap(({ values }) => values));
  await writeFile(path, safetensorsBytes(header, new Uint8Array(numbers.buffer)));
}
