import { closeSync, openSync, writeSync } from 'node:fs';
import { tensorTypes, valueTypes, type ValueType } from './gguf-types.js';
import { quantise, type WritableType } from './quantise.js';

/** A metadata value with the type it is stored under; `items` makes it a list of that type. */
export type TypedValue =
  | { readonly type: Exclude<ValueType, 'array' | 'string' | 'bool'>; readonly value: number }
  | { readonly type: 'string'; readonly value: string }
  | { readonly type: 'bool'; readonly value: boolean }
  | { readonly type: 'array'; readonly of: 'string'; readonly items: readonly string[] }
  | {
      readonly type: 'array';
      readonly of: 'int32' | 'uint32' | 'float32';
      readonly items: readonly number[];
    };

export interface TensorToWrite {
  readonly name: string;
  /** Fastest dimension first, as GGUF stores it. */
  readonly shape: readonly number[];
  readonly type: WritableType;
  readonly bytes: Uint8Array;
}

export interface GgufToWrite {
  readonly version: 2 | 3;
  readonly metadata: ReadonlyMap<string, TypedValue>;
  readonly tensors: readonly TensorToWrite[];
}

const alignment = 32;

/** Writes a little-endian GGUF file after the specification in ggml's docs/gguf.md. */
export function writeGguf(path: string, { version, metadata, tensors }: GgufToWrite): void {
  const head: Uint8Array[] = [
    Buffer.from('GGUF'),
    scalar('uint32', version),
    scalar('uint64', tensors.length),
    scalar('uint64', metadata.size),
  ];
  for (const [key, value] of metadata) {
    head.push(text(key), scalar('uint32', valueTypes[value.type]));
    // A vocabulary has more parts than a call takes arguments.
    for (const part of encode(value)) head.push(part);
  }
  let offset = 0;
  for (const tensor of tensors) {
    head.push(text(tensor.name), scalar('uint32', tensor.shape.length));
    head.push(...tensor.shape.map((size) => scalar('uint64', size)));
    head.push(scalar('uint32', tensorTypes[tensor.type]), scalar('uint64', offset));
    offset += tensor.bytes.length + padding(tensor.bytes.length).length;
  }
  const start = Buffer.concat(head);
  const data = tensors.flatMap(({ bytes }) => [bytes, padding(bytes.length)]);
  const file = openSync(path, 'w');
  for (const bytes of [start, padding(start.length), ...data]) writeSync(file, bytes);
  closeSync(file);
}

export function tensorToWrite(
  name: string,
  shape: readonly number[],
  type: WritableType,
  values: Float32Array,
): TensorToWrite {
  return { name, shape, type, bytes: quantise(type, values) };
}

function encode(value: TypedValue): Uint8Array[] {
  if (value.type === 'array') {
    const head = [scalar('uint32', valueTypes[value.of]), scalar('uint64', value.items.length)];
    return value.of === 'string'
      ? [...head, ...value.items.map(text)]
      : [...head, ...value.items.map((item) => scalar(value.of, item))];
  }
  if (value.type === 'string') {
    return [text(value.value)];
  }
  return [scalar(value.type, Number(value.value))];
}

function scalar(type: Exclude<ValueType, 'array' | 'string'>, value: number): Uint8Array {
  const view = new DataView(new ArrayBuffer(8));
  const taken = (count: number): Uint8Array => new Uint8Array(view.buffer, 0, count);
  switch (type) {
    case 'uint8':
    case 'int8':
    case 'bool':
      view.setUint8(0, value);
      return taken(1);
    case 'uint16':
    case 'int16':
      view.setUint16(0, value, true);
      return taken(2);
    case 'uint32':
    case 'int32':
      view.setUint32(0, value, true);
      return taken(4);
    case 'float32':
      view.setFloat32(0, value, true);
      return taken(4);
    case 'float64':
      view.setFloat64(0, value, true);
      return taken(8);
    case 'uint64':
    case 'int64':
      view.setBigUint64(0, BigInt(value), true);
      return taken(8);
  }
}

function text(value: string): Uint8Array {
  const bytes = Buffer.from(value, 'utf8');
  return Buffer.concat([scalar('uint64', bytes.length), bytes]);
}

function padding(length: number): Uint8Array {
  return new Uint8Array((alignment - (length % alignment)) % alignment);
}
