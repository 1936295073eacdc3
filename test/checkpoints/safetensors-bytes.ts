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
  let end = 0;
  const header = Object.fromEntries(
    Object.entries(tensors).map(([name, { shape, values }]) => {
      const start = end;
      end += values.length * 4;
      return [name, { dtype: 'F32', shape, data_offsets: [start, end] } satisfies Claim];
    }),
  );
  const numbers = Float32Array.from(Object.values(tensors).flatMap(({ values }) => values));
  await writeFile(path, safetensorsBytes(header, new Uint8Array(numbers.buffer)));
}
