/** A value of GGUF's metadata as it is stored. Bytes are a text that may be no UTF-8. */
export type MetadataValue =
  | { readonly type: 'u32' | 'i32' | 'f32'; readonly value: number }
  | { readonly type: 'bool'; readonly value: boolean }
  | { readonly type: 'string'; readonly value: string }
  | { readonly type: 'array'; readonly of: 'u32' | 'i32' | 'f32'; readonly values: readonly number[] }
  | { readonly type: 'array'; readonly of: 'string'; readonly values: readonly string[] };

/** Keys in the order in which they are written. */
export type Metadata = ReadonlyMap<string, MetadataValue>;

export const u32 = (value: number): MetadataValue => ({ type: 'u32', value });
export const f32 = (value: number): MetadataValue => ({ type: 'f32', value });
export const bool = (value: boolean): MetadataValue => ({ type: 'bool', value });
export const text = (value: string): MetadataValue => ({ type: 'string', value });
export const i32s = (values: readonly number[]): MetadataValue => ({ type: 'array', of: 'i32', values });
export const f32s = (values: readonly number[]): MetadataValue => ({ type: 'array', of: 'f32', values });
export const texts = (values: readonly string[]): MetadataValue => ({ type: 'array', of: 'string', values });
