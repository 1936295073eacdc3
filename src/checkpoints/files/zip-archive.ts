import { quote } from '../../llava/quote.js';
import { FETCH_AGAIN, fileError } from '../checkpoint-error.js';
import type { CheckpointFile } from './checkpoint-file.js';

/** An entry; a stored one's bytes lie in the archive as they are. */
export interface ZipEntry {
  readonly name: string;
  readonly bytes: number;
  /** Its bytes in the archive are not those of the file. */
  readonly isCompressed: boolean;
  /** Where its local header starts. */
  readonly header: number;
}

const END_BYTES = 22;
const LONGEST_COMMENT = 65_535;
const END64_LOCATOR_BYTES = 20;
const END64_BYTES = 56;
const LOCAL_BYTES = 30;
const ENTRY_BYTES = 46;
/** An entry takes some 90 bytes, and a model of 70 billion numbers has a thousand. */
const LONGEST_DIRECTORY = 1 << 26;
/** Stands for a value that the zip64 record has. */
const IN_ZIP64 = 0xffff_ffff;

/**
 * Lists a zip archive as torch writes it: none of its entries are encrypted. Source: PKWARE's APPNOTE,
 * sections 4.3.6 to 4.5.3.
 * @throws ExpectedError('weights') for damaged, cut off or encrypted archives
 */
export async function readZip(
  file: CheckpointFile,
  signal?: AbortSignal,
): Promise<ReadonlyMap<string, ZipEntry>> {
  const { start, bytes } = await findDirectory(file, signal);
  if (bytes > LONGEST_DIRECTORY || start + bytes > file.bytes)
    throw damaged(file, 'its directory lies outside');
  const directory = await file.read(start, bytes, signal);
  const entries = new Map<string, ZipEntry>();
  for (let at = 0; at + ENTRY_BYTES <= directory.length;) {
    if (directory.readUInt32LE(at) !== 0x0201_4b50) break;
    const { entry, next } = readEntry(file, directory, at);
    if (entries.has(entry.name)) throw damaged(file, `it has ${quote(entry.name)} twice`);
    entries.set(entry.name, entry);
    at = next;
  }
  return entries;
}

/** Where an entry's bytes start in the file: its local header says how much stands before them. */
export async function placeOfEntry(
  file: CheckpointFile,
  { name, bytes, header, isCompressed }: ZipEntry,
  signal?: AbortSignal,
): Promise<number> {
  if (isCompressed)
    throw fileError(file.path, `is compressed: ${quote(name)}`, 'Save it again with torch.save.');
  if (header + LOCAL_BYTES > file.bytes) throw damaged(file, `${quote(name)} lies outside`);
  const local = await file.read(header, LOCAL_BYTES, signal);
  if (local.readUInt32LE(0) !== 0x0403_4b50)
    throw damaged(file, `${quote(name)} is not where its directory says`);
  const start = header + LOCAL_BYTES + local.readUInt16LE(26) + local.readUInt16LE(28);
  if (start + bytes > file.bytes) throw damaged(file, `${quote(name)} lies outside`);
  return start;
}

async function findDirectory(
  file: CheckpointFile,
  signal: AbortSignal | undefined,
): Promise<{ readonly start: number; readonly bytes: number }> {
  const tail = Math.min(file.bytes, END_BYTES + LONGEST_COMMENT + END64_LOCATOR_BYTES);
  const bytes = await file.read(file.bytes - tail, tail, signal);
  const end = bytes.lastIndexOf('PK\x05\x06', undefined, 'latin1');
  if (end === -1 || end + END_BYTES > bytes.length) throw damaged(file, 'it is cut off before its directory');
  const locator = end - END64_LOCATOR_BYTES;
  if (locator < 0 || bytes.readUInt32LE(locator) !== 0x0706_4b50)
    return { start: bytes.readUInt32LE(end + 16), bytes: bytes.readUInt32LE(end + 12) };
  const place = Number(bytes.readBigUInt64LE(locator + 8));
  if (place + END64_BYTES > file.bytes) throw damaged(file, 'its directory lies outside');
  const record = await file.read(place, END64_BYTES, signal);
  if (record.readUInt32LE(0) !== 0x0606_4b50) throw damaged(file, 'its directory is not where it says');
  return { start: Number(record.readBigUInt64LE(48)), bytes: Number(record.readBigUInt64LE(40)) };
}

function readEntry(
  file: CheckpointFile,
  directory: Buffer,
  at: number,
): { readonly entry: ZipEntry; readonly next: number } {
  const [nameBytes, extraBytes, commentBytes] = [28, 30, 32].map((field) =>
    directory.readUInt16LE(at + field),
  );
  const nameEnd = at + ENTRY_BYTES + (nameBytes ?? 0);
  const extraEnd = nameEnd + (extraBytes ?? 0);
  if (extraEnd > directory.length) throw damaged(file, 'its directory is cut off');
  const name = directory.toString('utf8', at + ENTRY_BYTES, nameEnd);
  if ((directory.readUInt16LE(at + 8) & 1) !== 0) throw damaged(file, `${quote(name)} is encrypted`);
  const wide = readZip64(directory.subarray(nameEnd, extraEnd));
  const take = (field: number): number => {
    const value = directory.readUInt32LE(at + field);
    return value === IN_ZIP64 ? (wide.shift() ?? value) : value;
  };
  const bytes = take(24);
  const stored = take(20);
  const header = take(42);
  const isCompressed = directory.readUInt16LE(at + 10) !== 0;
  if (stored !== bytes && !isCompressed) throw damaged(file, `${quote(name)} has two sizes`);
  return { entry: { name, bytes, isCompressed, header }, next: extraEnd + (commentBytes ?? 0) };
}

/** The values of a zip64 record, in order: size, stored size, place. */
function readZip64(extra: Buffer): number[] {
  for (let at = 0; at + 4 <= extra.length;) {
    const end = Math.min(at + 4 + extra.readUInt16LE(at + 2), extra.length);
    if (extra.readUInt16LE(at) === 1) {
      const count = Math.floor((end - at - 4) / 8);
      return Array.from({ length: count }, (_, index) => Number(extra.readBigUInt64LE(at + 4 + index * 8)));
    }
    at = end;
  }
  return [];
}

function damaged(file: CheckpointFile, problem: string): Error {
  return fileError(file.path, `is damaged: ${problem}`, FETCH_AGAIN);
}
