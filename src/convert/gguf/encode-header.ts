import type { Metadata, MetadataValue } from './metadata.js';
import { bytesOf, type PlannedFile, type PlannedTensor } from './planned-file.js';

/** Source: the format's description in ggml, gguf.md; llama.cpp v0.5.0's ggml.h for the numbers of tensor types. */
const VALUE_TYPES = { u32: 4, i32: 5, f32: 6, bool: 7, string: 8, array: 9 } as const;
const TENSOR_TYPES = { f32: 0, f16: 1, bf16: 30 } as const;
const VERSION = 3;
export const ALIGNMENT = 32;

/** What stands before the numbers: metadata and the directory of tensors, padded so that the numbers begin aligned. */
export function encodeHeader({ metadata, tensors }: PlannedFile): Uint8Array {
  const writer = new Writer();
  writer.bytes(Buffer.from('GGUF'));
  writer.u32(VERSION);
  writer.u64(tensors.length);
  writer.u64(metadata.size);
  writeMetadata(writer, metadata);
  let offset = 0;
  for (const tensor of tensors) {
    writeTensor(writer, tensor, offset);
    offset += aligned(bytesOf(tensor));
  }
  writer.zeros(aligned(writer.length) - writer.length);
  return writer.all();
}

/** The next multiple of the alignment. */
export function aligned(bytes: number): number {
  return Math.ceil(bytes / ALIGNMENT) * ALIGNMENT;
}

function writeMetadata(writer: Writer, metadata: Metadata): void {
  for (const [key, value] of metadata) {
    writer.text(key);
    writer.u32(VALUE_TYPES[value.type]);
    writeValue(writer, value);
  }
}

function writeValue(writer: Writer, value: MetadataValue): void {
  switch (value.type) {
    case 'bool':
      writer.bytes(Uint8Array.of(value.value ? 1 : 0));
      return;
    case 'string':
      writer.text(value.value);
      return;
    case 'array':
      writer.u32(VALUE_TYPES[value.of]);
      writer.u64(value.values.length);
      if (value.of === 'string') for (const one of value.values) writer.text(one);
      else for (const one of value.values) writer[value.of](one);
      return;
    case 'u32':
    case 'i32':
    case 'f32':
      writer[value.type](value.value);
  }
}

function writeTensor(writer: Writer, { name, shape, format }: PlannedTensor, offset: number): void {
  writer.text(name);
  writer.u32(shape.length);
  for (const size of shape.toReversed()) writer.u64(size);
  writer.u32(TENSOR_TYPES[format]);
  writer.u64(offset);
}

/** Little-endian values one after the other, in a buffer that grows. */
class Writer {
  #buffer = Buffer.alloc(1 << 16);
  length = 0;

  u32(value: number): void {
    const start = this.#room(4);
    this.#buffer.writeUInt32LE(value, start);
  }

  i32(value: number): void {
    const start = this.#room(4);
    this.#buffer.writeInt32LE(value, start);
  }

  f32(value: number): void {
    const start = this.#room(4);
    this.#buffer.writeFloatLE(value, start);
  }

  u64(value: number): void {
    const start = this.#room(8);
    this.#buffer.writeBigUInt64LE(BigInt(value), start);
  }

  text(value: string): void {
    const bytes = Buffer.from(value);
    this.u64(bytes.length);
    this.bytes(bytes);
  }

  bytes(bytes: Uint8Array): void {
    const start = this.#room(bytes.length);
    this.#buffer.set(bytes, start);
  }

  zeros(count: number): void {
    this.bytes(new Uint8Array(count));
  }

  all(): Uint8Array {
    return this.#buffer.subarray(0, this.length);
  }

  /** Where the next `bytes` bytes go, in a buffer that may be another than before. */
  #room(bytes: number): number {
    const start = this.length;
    this.length += bytes;
    if (this.length > this.#buffer.length) {
      const larger = Buffer.alloc(2 ** Math.ceil(Math.log2(this.length)));
      larger.set(this.#buffer);
      this.#buffer = larger;
    }
    return start;
  }
}
