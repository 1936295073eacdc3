import { quote } from '../../llava/quote.js';
import { ggmlType } from './ggml-types.js';
import { BadHeader, GgufCursor } from './gguf-cursor.js';

export type GgufScalar = number | boolean | string;

/** How a value is stored, by GGUF's numbers. */
export type GgufValueType =
  'u8' | 'i8' | 'u16' | 'i16' | 'u32' | 'i32' | 'f32' | 'bool' | 'string' | 'array' | 'u64' | 'i64' | 'f64';

/** An array of metadata; `values` only where it is short, since vocabularies are long and few readers need them. */
export interface GgufArray {
  readonly length: number;
  readonly elementType: GgufValueType;
  readonly values: readonly GgufScalar[] | undefined;
  /** The elements as they are stored. */
  readonly bytes: Uint8Array;
}

export type GgufValue = GgufScalar | GgufArray;

export interface GgufTensor {
  readonly name: string;
  /** As GGUF stores it: the innermost dimension first. */
  readonly shape: readonly number[];
  /** ggml's name of the number format, such as `f16` or `q4_K`. */
  readonly type: string;
  /** First byte of the data, from the file's start. */
  readonly offset: number;
  readonly bytes: number;
}

export interface GgufContents {
  readonly version: number;
  readonly metadata: ReadonlyMap<string, GgufValue>;
  /** How the value of each key is stored. */
  readonly types: ReadonlyMap<string, GgufValueType>;
  readonly tensors: ReadonlyMap<string, GgufTensor>;
}

/** Arrays up to this length are kept whole. */
const SHORT_ARRAY = 256;
/** Far more than any model has; stops absurd counts before they cost time. */
const MOST_ENTRIES = 100_000;
const MOST_DIMENSIONS = 4;
const LONGEST_NAME = 65_535;
const DEFAULT_ALIGNMENT = 32;

/** What GGUF's numbers of value types stand for. */
const VALUE_TYPES = [
  'u8',
  'i8',
  'u16',
  'i16',
  'u32',
  'i32',
  'f32',
  'bool',
  'string',
  'array',
  'u64',
  'i64',
  'f64',
] as const satisfies readonly GgufValueType[];

/** Bytes of an element of an array; a string has at least its length, and arrays hold no arrays. */
const ELEMENT_BYTES: Readonly<Record<GgufValueType, number | undefined>> = {
  u8: 1,
  i8: 1,
  u16: 2,
  i16: 2,
  u32: 4,
  i32: 4,
  f32: 4,
  bool: 1,
  string: 8,
  array: undefined,
  u64: 8,
  i64: 8,
  f64: 8,
};

/**
 * Metadata and tensor directory from `head`, the first bytes of a file of `fileBytes`. As strict as ggml's own
 * reader: every count and length is held against what the file has left, every tensor must lie inside the file
 * at the place ggml expects it. Source: llama.cpp v0.5.0, gguf.cpp, and the format's description in ggml.
 * @throws NeedMoreBytes when `head` ends before the header; BadHeader for anything wrong.
 */
export function parseGguf(head: Uint8Array, fileBytes: number): GgufContents {
  const cursor = new GgufCursor(head, fileBytes);
  const version = readVersion(cursor);
  const tensorCount = readCount(cursor, 'the number of tensors', 8 + 1 + 4 + 4 + 8);
  const entryCount = readCount(cursor, 'the number of metadata entries', 8 + 1 + 4 + 1);
  const metadata = new Map<string, GgufValue>();
  const types = new Map<string, GgufValueType>();
  for (let i = 0; i < entryCount; i++) {
    const key = readName(cursor, `metadata key ${i + 1} of ${entryCount}`);
    if (metadata.has(key)) throw new BadHeader(`is damaged: it has the key ${quote(key)} twice`);
    const what = `the value of ${quote(key)}`;
    const type = readType(cursor, what);
    types.set(key, type);
    metadata.set(key, type === 'array' ? readArray(cursor, what) : readScalar(cursor, type, what));
  }
  const alignment = readAlignment(metadata);
  const directory = Array.from({ length: tensorCount }, (_, i) =>
    readTensor(cursor, `tensor ${i + 1} of ${tensorCount}`),
  );
  return {
    version,
    metadata,
    types,
    tensors: placeTensors(directory, align(cursor.position, alignment), alignment, fileBytes),
  };
}

function readVersion(cursor: GgufCursor): number {
  cursor.skip(4, 'the GGUF signature');
  const version = cursor.u32('the GGUF version');
  if (version === 2 || version === 3) return version;
  if (version !== 0 && (version & 0xffff) === 0) {
    throw new BadHeader('is a big-endian GGUF file; a little-endian one is needed');
  }
  throw new BadHeader(`is GGUF version ${version}; version 2 or 3 is needed`);
}

function readCount(cursor: GgufCursor, what: string, bytesEach: number): number {
  const count = cursor.count(what, bytesEach);
  if (count > MOST_ENTRIES) throw new BadHeader(`is damaged: ${what} is ${count}`);
  return count;
}

function readName(cursor: GgufCursor, what: string): string {
  const name = cursor.string(what);
  if (name === '' || name.length > LONGEST_NAME) {
    throw new BadHeader(`is damaged: ${what} has a name of ${name.length} characters`);
  }
  // llama.cpp reads names up to there, and would find another one.
  if (name.includes('\0')) throw new BadHeader(`is damaged: the name ${quote(name)} holds a null character`);
  return name;
}

function readType(cursor: GgufCursor, what: string): GgufValueType {
  const number = cursor.u32(`the type of ${what}`);
  const type = VALUE_TYPES[number];
  if (type === undefined) throw new BadHeader(`is damaged: ${what} is of type ${number}`);
  return type;
}

function readArray(cursor: GgufCursor, what: string): GgufArray {
  const elementType = readType(cursor, `the elements of ${what}`);
  const bytesEach = ELEMENT_BYTES[elementType];
  if (bytesEach === undefined) throw new BadHeader(`is damaged: ${what} is an array of arrays`);
  const length = cursor.count(`the length of ${what}`, bytesEach);
  const start = cursor.position;
  const isShort = length <= SHORT_ARRAY;
  const values = isShort ? Array.from({ length }, () => readScalar(cursor, elementType, what)) : undefined;
  if (!isShort && elementType === 'string') for (let i = 0; i < length; i++) cursor.skipString(what);
  else if (!isShort) cursor.skip(length * bytesEach, what);
  return { length, elementType, values, bytes: cursor.bytesFrom(start) };
}

function readScalar(cursor: GgufCursor, type: GgufValueType, what: string): GgufScalar {
  if (type === 'bool') return cursor.u8(what) !== 0;
  if (type === 'array') throw new BadHeader(`is damaged: ${what} is an array of arrays`);
  return cursor[type](what);
}

function readAlignment(metadata: ReadonlyMap<string, GgufValue>): number {
  const alignment = metadata.get('general.alignment') ?? DEFAULT_ALIGNMENT;
  if (typeof alignment === 'number' && alignment <= 2 ** 30 && Number.isInteger(Math.log2(alignment)))
    return alignment;
  throw new BadHeader(`is damaged: "general.alignment" is ${JSON.stringify(alignment)}, not a power of two`);
}

/** `offset` still counts from the start of the data. */
function readTensor(cursor: GgufCursor, what: string): GgufTensor {
  const name = readName(cursor, what);
  const named = `tensor ${quote(name)}`;
  const dimensions = cursor.u32(`the number of dimensions of ${named}`);
  if (dimensions > MOST_DIMENSIONS) throw new BadHeader(`is damaged: ${named} has ${dimensions} dimensions`);
  const shape = Array.from({ length: dimensions }, () => cursor.u64(`a dimension of ${named}`));
  const typeId = cursor.u32(`the type of ${named}`);
  const type = ggmlType(typeId);
  if (type === undefined)
    throw new BadHeader(`cannot be read: ${named} is of the unknown number format ${typeId}`);
  const numbers = shape.reduce((product, size) => product * size, 1);
  const inRow = shape[0] ?? 1;
  const bytes = (numbers / type.blockSize) * type.blockBytes;
  if (!Number.isSafeInteger(numbers) || inRow % type.blockSize !== 0 || !Number.isSafeInteger(bytes)) {
    throw new BadHeader(`is damaged: ${named} is ${shape.join('×')} numbers of format ${type.name}`);
  }
  return { name, shape, type: type.name, offset: cursor.u64(`the place of ${named}`), bytes };
}

/** Checks names and places, and counts offsets from the file's start. */
function placeTensors(
  directory: readonly GgufTensor[],
  dataStart: number,
  alignment: number,
  fileBytes: number,
): ReadonlyMap<string, GgufTensor> {
  const tensors = new Map<string, GgufTensor>();
  let expected = 0;
  for (const tensor of directory) {
    const named = `tensor ${quote(tensor.name)}`;
    if (tensors.has(tensor.name)) throw new BadHeader(`is damaged: it has ${named} twice`);
    if (tensor.offset !== expected) {
      throw new BadHeader(`is damaged: ${named} starts at ${tensor.offset} of the data, not at ${expected}`);
    }
    const offset = dataStart + tensor.offset;
    if (offset + tensor.bytes > fileBytes) {
      throw new BadHeader(
        `is cut off: ${named} ends at byte ${offset + tensor.bytes}, the file at ${fileBytes}`,
      );
    }
    tensors.set(tensor.name, { ...tensor, offset });
    expected = align(tensor.offset + tensor.bytes, alignment);
  }
  return tensors;
}

function align(offset: number, alignment: number): number {
  return Math.ceil(offset / alignment) * alignment;
}
