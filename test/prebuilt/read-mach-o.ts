import { createHash } from 'node:crypto';
import { chunks, text } from './read-elf.js';

/** What a library of macOS asks of the system that loads it. */
export interface MachONeeds {
  /** Mach-O's `cputype`: 0x01000007 is x86-64, 0x0100000c arm64. */
  readonly machine: number;
  /** Of macOS at least, such as `11.0`. */
  readonly minimum: string | undefined;
  readonly libraries: readonly string[];
  /** Symbols that it takes from elsewhere, as C names them. */
  readonly undefined: readonly string[];
  readonly exports: readonly string[];
  readonly signature: 'none' | 'ad-hoc' | 'of a developer' | 'broken';
}

const COMMAND = { symbols: 2, library: 0xc, signature: 0x1d, version: 0x32 };
const SYMBOL = { external: 1, type: 0xe, isDebugging: 0xe0 };

/** Reads a little-endian 64-bit Mach-O file (mach-o/loader.h, mach-o/nlist.h). */
export function readMachO(file: Buffer): MachONeeds {
  if (file.readUInt32LE(0) !== 0xfeed_facf) throw new Error('not a 64-bit Mach-O file');
  const commands = readCommands(file);
  const all = (kind: number) => commands.filter((command) => command.readUInt32LE(0) === kind);
  const symbols = all(COMMAND.symbols).flatMap((command) => readSymbols(file, command));
  const version = all(COMMAND.version)[0]?.readUInt32LE(12);
  const signature = all(COMMAND.signature)[0];
  return {
    machine: file.readUInt32LE(4),
    minimum: version === undefined ? undefined : `${version >>> 16}.${(version >>> 8) & 0xff}`,
    libraries: all(COMMAND.library).map((command) => text(command, command.readUInt32LE(8))),
    undefined: symbols.filter(({ isDefined }) => !isDefined).map(({ name }) => name),
    exports: symbols.filter(({ isDefined }) => isDefined).map(({ name }) => name),
    signature: signature === undefined ? 'none' : checkSignature(file, signature.readUInt32LE(8)),
  };
}

function readCommands(file: Buffer): readonly Buffer[] {
  const commands: Buffer[] = [];
  for (let at = 32; commands.length < file.readUInt32LE(16); at += file.readUInt32LE(at + 4))
    commands.push(file.subarray(at, at + file.readUInt32LE(at + 4)));
  return commands;
}

function readSymbols(file: Buffer, command: Buffer): { name: string; isDefined: boolean }[] {
  const [start, count, strings] = [8, 12, 16].map((at) => command.readUInt32LE(at)) as [
    number,
    number,
    number,
  ];
  return chunks(file.subarray(start, start + count * 16), 16)
    .filter((symbol) => (symbol[4]! & SYMBOL.external) !== 0 && (symbol[4]! & SYMBOL.isDebugging) === 0)
    .map((symbol) => ({
      // C's names begin with an underscore there.
      name: text(file, strings + symbol.readUInt32LE(0)).replace(/^_/, ''),
      isDefined: (symbol[4]! & SYMBOL.type) !== 0,
    }));
}

/** Apple's embedded signature (cs_blobs.h): a hash of each page up to the signature itself; ad hoc, nobody has signed them. */
function checkSignature(file: Buffer, offset: number): MachONeeds['signature'] {
  const signature = file.subarray(offset);
  const blobs = Array.from({ length: signature.readUInt32BE(8) }, (_, index) =>
    signature.subarray(signature.readUInt32BE(16 + 8 * index)),
  );
  const directory = blobs.find((blob) => blob.readUInt32BE(0) === 0xfade_0c02);
  if (directory === undefined) return 'broken';
  const [hashes, count, limit] = [16, 28, 32].map((at) => directory.readUInt32BE(at)) as [
    number,
    number,
    number,
  ];
  const pageBytes = 2 ** directory[39]!;
  for (let page = 0; page < count; page += 1) {
    const bytes = file.subarray(page * pageBytes, Math.min((page + 1) * pageBytes, limit));
    const hash = createHash('sha256').update(bytes).digest();
    if (!hash.equals(directory.subarray(hashes + page * 32, hashes + page * 32 + 32))) return 'broken';
  }
  const isWhole = limit === offset && count === Math.ceil(limit / pageBytes);
  if (!isWhole) return 'broken';
  return (directory.readUInt32BE(12) & 2) !== 0 ? 'ad-hoc' : 'of a developer';
}
