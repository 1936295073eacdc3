import type { Seeded } from '../reference/seeded.js';
import { findHeaderFields, type FieldKind, type HeaderField } from './header-fields.js';

export interface Mutant {
  /** What was changed, and where. */
  readonly label: string;
  readonly bytes: Buffer;
}

type Change = (bytes: Buffer, random: Seeded) => string;

/** Value types and number formats that take as many bytes as others do, so that the rest of the file still fits. */
const TYPES = [0, 1, 7, 2, 3, 4, 5, 6, 8, 10, 11, 12];
const FORMATS = [0, 26, 1, 25, 30, 2, 20, 8, 9, 24, 27, 28, 6, 7, 12, 39];
const NUMBERS = [0, 1, 2, 3, 7, 255, 256, 65_535, 2 ** 31 - 1, 2 ** 31, 2 ** 32 - 1];
/** As 32-bit floats: not a number, infinity, their negatives, the smallest, minus one. */
const FLOATS = [0x7fc00000, 0x7f800000, 0xffc00000, 0xff800000, 1, 0xbf800000];

/** Makes mutants of one whole GGUF file: bytes of its header and data, single fields of its header, and cut ends. */
export function mutator(whole: Buffer): (random: Seeded) => Mutant {
  const { fields, dataStart } = findHeaderFields(whole);
  const byKind = new Map<FieldKind, HeaderField[]>();
  for (const field of fields) {
    const some = byKind.get(field.kind);
    if (some === undefined) byKind.set(field.kind, [field]);
    else some.push(field);
  }
  const kinds = [...byKind.keys()];
  const anyField = (random: Seeded, kind: FieldKind = pick(kinds, random)): HeaderField | undefined => {
    const some = byKind.get(kind);
    return some === undefined ? undefined : pick(some, random);
  };

  const changeField: Change = (bytes, random) => {
    const field = anyField(random);
    if (field === undefined) return 'nothing';
    const { kind, at, bytes: length } = field;
    if (kind === 'text') return changeText(bytes, field, random);
    if (kind === 'type' || kind === 'format')
      bytes.writeUInt32LE(pick(kind === 'type' ? TYPES : FORMATS, random), at);
    else writeNumber(bytes, field, random);
    return `${kind} at ${at} made ${bytes.toString('hex', at, at + length)}`;
  };

  const changeText = (bytes: Buffer, { at, bytes: length }: HeaderField, random: Seeded): string => {
    const twins = (byKind.get('text') ?? []).filter((other) => other.bytes === length && other.at !== at);
    const twin = twins.length > 0 && random.next() < 0.5 ? pick(twins, random) : undefined;
    if (twin !== undefined) bytes.copy(bytes, at, twin.at, twin.at + length);
    else bytes[at + random.below(length)] = pick([0, 0x20, 0xff, 0x80, random.below(256)], random);
    return `text at ${at} made ${bytes.toString('latin1', at, at + Math.min(length, 40))}`;
  };

  /** The sizes of one tensor the other way round, which takes as many bytes. */
  const swapSizes: Change = (bytes, random) => {
    const field = anyField(random, 'size');
    if (field === undefined) return 'nothing';
    const [here, there] = [bytes.readBigUInt64LE(field.at), bytes.readBigUInt64LE(field.at + 8)];
    bytes.writeBigUInt64LE(there, field.at);
    bytes.writeBigUInt64LE(here, field.at + 8);
    return `sizes at ${field.at} swapped`;
  };

  const changeHeaderBytes: Change = (bytes, random) => {
    const places = Array.from({ length: 1 + random.below(4) }, () => 4 + random.below(dataStart - 4));
    for (const place of places)
      bytes[place] = random.next() < 0.5 ? bytes[place]! ^ (1 << random.below(8)) : random.below(256);
    return `header bytes at ${places.join(', ')}`;
  };

  const changeData: Change = (bytes, random) => {
    const length = 1 + random.below(4096);
    const start = dataStart + random.below(Math.max(1, bytes.length - dataStart - length));
    const fill = pick([0xff, 0x7f, 0x00, -1], random);
    for (let at = start; at < Math.min(start + length, bytes.length); at++)
      bytes[at] = fill < 0 ? random.below(256) : fill;
    return `${length} data bytes at ${start} made ${fill}`;
  };

  const changes: readonly Change[] = [
    changeField,
    changeField,
    changeField,
    swapSizes,
    changeHeaderBytes,
    changeHeaderBytes,
    changeData,
  ];
  return (random) => {
    if (random.next() < 0.03) {
      const length = random.below(whole.length);
      return { label: `cut to ${length} bytes`, bytes: whole.subarray(0, length) };
    }
    const bytes = Buffer.from(whole);
    return { label: pick(changes, random)(bytes, random), bytes };
  };
}

function writeNumber(bytes: Buffer, { at, bytes: length }: HeaderField, random: Seeded): void {
  if (length === 8 || length === 4) {
    const was = length === 8 ? Number(bytes.readBigUInt64LE(at)) : bytes.readUInt32LE(at);
    const value = pick(
      [...NUMBERS, ...FLOATS, Math.max(0, was - 1), was + 1, was * 2, Math.floor(was / 2)],
      random,
    );
    if (length === 8) bytes.writeBigUInt64LE(BigInt(value), at);
    else bytes.writeUInt32LE(value % 2 ** 32, at);
  } else {
    for (let i = 0; i < length; i++) bytes[at + i] = random.below(256);
  }
}

function pick<T>(some: readonly T[], random: Seeded): T {
  return some[random.below(some.length)]!;
}
