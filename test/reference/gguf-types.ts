/** Numbers of the tensor types in GGUF files, as ggml.h counts them. */
export const tensorTypes = {
  F32: 0,
  F16: 1,
  Q4_0: 2,
  Q4_1: 3,
  Q5_0: 6,
  Q5_1: 7,
  Q8_0: 8,
  Q4_K: 12,
  Q6_K: 14,
  BF16: 30,
} as const;

export type TensorType = keyof typeof tensorTypes;

/** How many values one block holds and how many bytes it takes. */
export const blockLayout: Readonly<Record<TensorType, { values: number; bytes: number }>> = {
  F32: { values: 1, bytes: 4 },
  F16: { values: 1, bytes: 2 },
  BF16: { values: 1, bytes: 2 },
  Q4_0: { values: 32, bytes: 2 + 16 },
  Q4_1: { values: 32, bytes: 4 + 16 },
  Q5_0: { values: 32, bytes: 2 + 4 + 16 },
  Q5_1: { values: 32, bytes: 4 + 4 + 16 },
  Q8_0: { values: 32, bytes: 2 + 32 },
  Q4_K: { values: 256, bytes: 4 + 12 + 128 },
  Q6_K: { values: 256, bytes: 128 + 64 + 16 + 2 },
};

/** Numbers of the metadata value types, as the GGUF specification counts them. */
export const valueTypes = {
  uint8: 0,
  int8: 1,
  uint16: 2,
  int16: 3,
  uint32: 4,
  int32: 5,
  float32: 6,
  bool: 7,
  string: 8,
  array: 9,
  uint64: 10,
  int64: 11,
  float64: 12,
} as const;

export type ValueType = keyof typeof valueTypes;

export function tensorTypeOf(number: number): TensorType {
  const found = (Object.keys(tensorTypes) as TensorType[]).find((name) => tensorTypes[name] === number);
  if (found === undefined) {
    throw new Error(`Expected a tensor type the reference reads but received ${number}`);
  }
  return found;
}

export function valueTypeOf(number: number): ValueType {
  const found = (Object.keys(valueTypes) as ValueType[]).find((name) => valueTypes[name] === number);
  if (found === undefined) {
    throw new Error(`Expected a metadata value type but received ${number}`);
  }
  return found;
}

/** The bytes that `count` values take. */
export function byteLength(type: TensorType, count: number): number {
  const { values, bytes } = blockLayout[type];
  if (count % values !== 0) {
    throw new Error(`Expected a multiple of ${values} values for ${type} but received ${count}`);
  }
  return (count / values) * bytes;
}
