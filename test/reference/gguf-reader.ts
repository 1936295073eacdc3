import { readFileSync } from 'node:fs';
import { dequantise } from './dequantise.js';
import { byteLength, tensorTypeOf, valueTypeOf, type TensorType, type ValueType } from './gguf-types.js';

export type GgufValue = number | bigint | boolean | string | GgufValue[];

export interface GgufTensor {
  readonly name: string;
  /** Sizes as stored: the dimension whose neighbours lie side by side comes first. */
  readonly shape: readonly number[];
  readonly type: TensorType;
  readonly bytes: Uint8Array;
}

export interface GgufFile {
  readonly version: number;
  readonly metadata: ReadonlyMap<string, GgufValue>;
  readonly tensors: ReadonlyMap<string, GgufTensor>;
  /** Where the header ends and tensor data begins, in bytes. */
  readonly dataStart: number;
}

/** Reads a little-endian GGUF file of version 2 or 3 after the specification in ggml's docs/gguf.md. */
export function readGguf(path: string): GgufFile {
  const bytes = readFileSync(path);
  const cursor = new Cursor(new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength));
  if (cursor.read('uint32') !== 0x46554747) {
    throw new Error(`Expected a GGUF file at ${path}`);
  }
  const version = Number(cursor.read('uint32'));
  if (version !== 2 && version !== 3) {
    throw new Error(`Expected GGUF version 2 or 3 but received ${version}`);
  }
  const tensorCount = Number(cursor.read('uint64'));
  const valueCount = Number(cursor.read('uint64'));
  const metadata = new Map<string, GgufValue>();
  for (let i = 0; i < valueCount; i++) {
    const key = String(cursor.read('string'));
    metadata.set(key, cursor.read(valueTypeOf(Number(cursor.read('uint32')))));
  }
  const heads = Array.from({ length: tensorCount }, () => {
    const name = String(cursor.read('string'));
    const rank = Number(cursor.read('uint32'));
    const shape = Array.from({ length: rank }, () => Number(cursor.read('uint64')));
    const type = tensorTypeOf(Number(cursor.read('uint32')));
    return { name, shape, type, offset: Number(cursor.read('uint64')) };
  });
  const alignment = Number(metadata.get('general.alignment') ?? 32);
  const start = Math.ceil(cursor.position / alignment) * alignment;
  const tensors = heads.map(({ name, shape, type, offset }): [string, GgufTensor] => {
    const length = byteLength(type, shape.reduce(product, 1));
    return [name, { name, shape, type, bytes: bytes.subarray(start + offset, start + offset + length) }];
  });
  return { version, metadata, tensors: new Map(tensors), dataStart: start };
}

export function tensorOf(file: GgufFile, name: string): GgufTensor {
  const tensor = file.tensors.get(name);
  if (tensor === undefined) {
    throw new Error(`Expected a tensor ${name}`);
  }
  return tensor;
}

/** A tensor's values as float32, in stored order. */
export function floatsOf(file: GgufFile, name: string): Float32Array {
  const { type, bytes, shape } = tensorOf(file, name);
  return dequantise(type, bytes, shape.reduce(product, 1));
}

export function numberOf(file: GgufFile, key: string, fallback?: number): number {
  const value = file.metadata.get(key) ?? fallback;
  if (typeof value !== 'number') {
    throw new Error(`Expected a number for ${key} but received ${String(value)}`);
  }
  return value;
}

export function numbersOf(file: GgufFile, key: string): number[] {
  const value = file.metadata.get(key);
  if (!Array.isArray(value)) {
    throw new Error(`Expected a list for ${key} but received ${String(value)}`);
  }
  return value.map(Number);
}

const product = (a: number, b: number): number => a * b;

class Cursor {
  position = 0;
  readonly #view: DataView;

  constructor(view: DataView) {
    this.#view = view;
  }

  read(type: ValueType): GgufValue {
    const view = this.#view;
    switch (type) {
      case 'uint8':
        return view.getUint8(this.#take(1));
      case 'int8':
        return view.getInt8(this.#take(1));
      case 'uint16':
        return view.getUint16(this.#take(2), true);
      case 'int16':
        return view.getInt16(this.#take(2), true);
      case 'uint32':
        return view.getUint32(this.#take(4), true);
      case 'int32':
        return view.getInt32(this.#take(4), true);
      case 'float32':
        return view.getFloat32(this.#take(4), true);
      case 'bool':
        return view.getUint8(this.#take(1)) !== 0;
      case 'uint64':
        return view.getBigUint64(this.#take(8), true);
      case 'int64':
        return view.getBigInt64(this.#take(8), true);
      case 'float64':
        return view.getFloat64(this.#take(8), true);
      case 'string': {
        const length = Number(this.read('uint64'));
        return Buffer.from(view.buffer, view.byteOffset + this.#take(length), length).toString('utf8');
      }
      case 'array': {
        const item = valueTypeOf(Number(this.read('uint32')));
        return Array.from({ length: Number(this.read('uint64')) }, () => this.read(item));
      }
    }
  }

  #take(count: number): number {
    const at = this.position;
    this.position += count;
    return at;
  }
}
