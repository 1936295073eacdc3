import { chunks, text } from './read-elf.js';

/** What a library of Windows asks of the system that loads it. */
export interface PeNeeds {
  /** PE's `Machine`: 0x8664 is x86-64, 0xaa64 arm64. */
  readonly machine: number;
  /** Libraries whose functions are found when it is loaded, in lower case. */
  readonly libraries: readonly string[];
  readonly exports: readonly string[];
}

/** Reads a 64-bit PE file (Microsoft's "PE Format"). */
export function readPe(file: Buffer): PeNeeds {
  const header = file.readUInt32LE(0x3c);
  const optional = header + 24;
  if (text(file, header) !== 'PE' || file.readUInt16LE(optional) !== 0x20b)
    throw new Error('not a 64-bit PE file');
  const sectionsAt = optional + file.readUInt16LE(header + 20);
  const sections = chunks(file.subarray(sectionsAt, sectionsAt + 40 * file.readUInt16LE(header + 6)), 40);
  /** Addresses are those in memory. */
  const at = (address: number) => {
    const section = sections.find((each) => {
      const skipped = address - each.readUInt32LE(12);
      return skipped >= 0 && skipped < each.readUInt32LE(8);
    });
    if (section === undefined) throw new Error(`no section has address ${address}`);
    return address - section.readUInt32LE(12) + section.readUInt32LE(20);
  };
  const directory = (index: number) => file.readUInt32LE(optional + 112 + 8 * index);
  const libraries: string[] = [];
  for (let entry = at(directory(1)); file.readUInt32LE(entry + 12) !== 0; entry += 20)
    libraries.push(text(file, at(file.readUInt32LE(entry + 12))).toLowerCase());
  const exported = at(directory(0));
  const names = at(file.readUInt32LE(exported + 32));
  const exports = Array.from({ length: file.readUInt32LE(exported + 24) }, (_, index) =>
    text(file, at(file.readUInt32LE(names + 4 * index))),
  );
  return { machine: file.readUInt16LE(header + 4), libraries, exports };
}
