import { quote } from '../../llava/quote.js';
import { ggmlType } from './ggml-types.js';
import { BadHeader, GgufCursor } from './gguf-cursor.js';

export type GgufScalar = number | boolean | string;

/** An array of metadata; `values` only where it is short, since vocabularies are long and not needed here. */
export interface GgufArray {
  readonly length: number;
  readonly values: readonly GgufScalar[] | undefined;
  /** Of long arrays of texts: one that stands in it twice, if any does. */
  readonly repeated?: string;
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
  readonly tensors: ReadonlyMap<string, GgufTensor>;
}

/** Arrays up to this length are kept whole. */
const SHORT_ARRAY = 256;
/** Far more than any model has; stops absurd counts before they cost time. */
const MOST_ENTRIES = 100_000;
const MOST_DIMENSIONS = 4;
const LONGEST_NAME = 65_535;
const DEFAULT_ALIGNMENT = 32;
const ARRAY = 9;
const STRING = 8;

/** Bytes of an element of each metadata type; a string has at least its length. */
const ELEMENT_BYTES = [1, 1, 2, 2, 4, 4, 4, 1, 8, undefined, 8, 8, 8] as const;

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
  for (let i = 0; i < entryCount; i++) {
    const key = readName(cursor, `metadata key ${i + 1} of ${entryCount}`);
    if (metadata.has(key)) throw new BadHeader(`is damaged: it has the key ${quote(key)} twice`);
    metadata.set(key, readValue(cursor, `the value of ${quote(key)}`));
  }
  const alignment = readAlignment(metadata);
  const directory = Array.from({ length: tensorCount }, (_, i) =>
    readTensor(cursor, `tensor ${i + 1} of ${tensorCount}`),
  );
  return {
    version,
    metadata,
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
  return name;
}

function readValue(cursor: GgufCursor, what: string): GgufValue {
  const type = cursor.u32(`the type of ${what}`);
  if (type !== ARRAY) return readScalar(cursor, type, what);
  const elementType = cursor.u32(`the type of ${what}`);
  const bytesEach = ELEMENT_BYTES[elementType];
  if (bytesEach === undefined) throw new BadHeader(`is damaged: ${what} is an array of type ${elementType}`);
  const length = cursor.count(`the length of ${what}`, bytesEach);
  if (length <= SHORT_ARRAY) {
    return { length, values: Array.from({ length }, () => readScalar(cursor, elementType, what)) };
  }
  if (elementType === STRING) return { length, values: undefined, ...readLongTexts(cursor, length, what) };
  cursor.skip(length * bytesEach, what);
  return { length, values: undefined };
}

function readLongTexts(cursor: GgufCursor, length: number, what: string): Pick<GgufArray, 'repeated'> {
  const seen = new Set<string>();
  let repeated: string | undefined;
  for (let i = 0; i < length; i++) {
    const text = cursor.undecodedString(what);
    // llama.cpp gives empty texts names of their own.
    if (text !== '' && seen.has(text)) repeated ??= Buffer.from(text, 'latin1').toString();
    seen.add(text);
  }
  return repeated === undefined ? {} : { repeated };
}

function readScalar(cursor: GgufCursor, type: number, what: string): GgufScalar {
  switch (type) {
    case 0:
      return cursor.u8(what);
    case 1:
      return cursor.i8(what);
    case 2:
      return cursor.u16(what);
    case 3:
      return cursor.i16(what);
    case 4:
      return cursor.u32(what);
    case 5:
      return cursor.i32(what);
    case 6:
      return cursor.f32(what);
    case 7:
      return cursor.u8(what) !== 0;
    case STRING:
      return cursor.string(what);
    case 10:
      return cursor.u64(what);
    case 11:
      return cursor.i64(what);
    case 12:
      return cursor.f64(what);
    default:
      throw new BadHeader(`is damaged: ${what} is of type ${type}`);
  }
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
