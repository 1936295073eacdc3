/** What a shared library of Linux asks of the system that loads it. */
export interface ElfNeeds {
  /** ELF's `e_machine`: 62 is x86-64, 183 arm64. */
  readonly machine: number;
  /** Libraries by name. */
  readonly libraries: readonly string[];
  /** Versions of their symbols, such as `GLIBC_2.17`. */
  readonly versions: readonly string[];
  /** Symbols that others can find in it. */
  readonly exports: readonly string[];
}

const SECTION = { dynamic: 6, symbols: 11, neededVersions: 0x6fff_fffe };
const NEEDED = 1;

interface Section {
  readonly type: number;
  readonly bytes: Buffer;
  /** Its strings. */
  readonly link: number;
  readonly entries: number;
}

/** Reads a little-endian 64-bit ELF file (System V ABI, chapters 4 and 5; LSB, symbol versioning). */
export function readElf(file: Buffer): ElfNeeds {
  if (file.readUInt32BE(0) !== 0x7f45_4c46 || file[4] !== 2) throw new Error('not a 64-bit ELF file');
  const sections = readSections(file);
  const all = (type: number) => sections.filter((section) => section.type === type);
  const textOf = (section: Section, offset: number) => text(sections[section.link]!.bytes, offset);
  return {
    machine: file.readUInt16LE(18),
    libraries: all(SECTION.dynamic).flatMap((section) =>
      chunks(section.bytes, 16)
        .filter((entry) => entry.readBigUInt64LE(0) === BigInt(NEEDED))
        .map((entry) => textOf(section, Number(entry.readBigUInt64LE(8)))),
    ),
    versions: all(SECTION.neededVersions).flatMap((section) =>
      readVersions(section).map((name) => textOf(section, name)),
    ),
    exports: all(SECTION.symbols).flatMap((section) =>
      chunks(section.bytes, 24)
        .filter((symbol) => symbol.readUInt16LE(6) !== 0)
        .map((symbol) => textOf(section, symbol.readUInt32LE(0))),
    ),
  };
}

function readSections(file: Buffer): readonly Section[] {
  const start = Number(file.readBigUInt64LE(40));
  const count = file.readUInt16LE(60);
  return chunks(file.subarray(start, start + count * 64), 64).map((header) => {
    const offset = Number(header.readBigUInt64LE(24));
    const size = Number(header.readBigUInt64LE(32));
    const type = header.readUInt32LE(4);
    return {
      type,
      bytes: file.subarray(offset, offset + size),
      link: header.readUInt32LE(40),
      entries: header.readUInt32LE(44),
    };
  });
}

/** Where the names of versions are: a list of libraries, each with a list of its versions. */
function readVersions({ bytes, entries }: Section): readonly number[] {
  const names: number[] = [];
  for (let library = 0, at = 0; library < entries; library += 1, at += bytes.readUInt32LE(at + 12)) {
    let version = at + bytes.readUInt32LE(at + 8);
    for (let left = bytes.readUInt16LE(at + 2); left > 0; left -= 1) {
      names.push(bytes.readUInt32LE(version + 8));
      version += bytes.readUInt32LE(version + 12);
    }
  }
  return names;
}

export function chunks(bytes: Buffer, size: number): readonly Buffer[] {
  return Array.from({ length: Math.floor(bytes.length / size) }, (_, index) =>
    bytes.subarray(index * size, (index + 1) * size),
  );
}

/** A string that ends with a zero. */
export function text(bytes: Buffer, offset: number): string {
  return bytes.toString('latin1', offset, bytes.indexOf(0, offset));
}
