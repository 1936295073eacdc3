import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

/** Most that a decoder may hold: 768 MiB, so that it stays within 1 GB with the file and the pixels. */
const MOST_PAGES = 768 * 16;

/** Sections of a module, and a memory's flag. Source: WebAssembly Core Specification, 5.5. */
const IMPORTS = 2;
const MEMORIES = 5;
const EXPORTS = 7;
const CODE = 10;
const HAS_MAXIMUM = 1;

interface Section {
  readonly id: number;
  readonly body: Buffer;
}

/**
 * The code of a decoder, with a bound on its memory: beyond it, memory cannot grow, and the decoder gives up.
 * @param file as the built program knows it, beside this file
 * @param silenced name of an exported function that does nothing from here on, and returns nothing
 */
export async function readWasm(file: string, silenced?: string): Promise<Uint8Array<ArrayBuffer>> {
  const code = await readFile(fileURLToPath(new URL(file, import.meta.url)));
  const sections = [...sectionsOf(code)];
  const changed = sections.map(({ id, body }) => {
    if (id === MEMORIES) return { id, body: boundMemory(body) };
    return id === CODE && silenced !== undefined
      ? { id, body: emptyBody(body, sections, silenced) }
      : { id, body };
  });
  const parts = changed.flatMap(({ id, body }) => [Buffer.from([id, ...writeNumber(body.length)]), body]);
  return Uint8Array.from(Buffer.concat([code.subarray(0, 8), ...parts]));
}

function* sectionsOf(code: Buffer): Generator<Section> {
  for (let at = 8; at < code.length;) {
    const reader = new Reader(code, at + 1);
    const size = reader.number();
    yield { id: code[at] ?? 0, body: code.subarray(reader.at, reader.at + size) };
    at = reader.at + size;
  }
}

function boundMemory(body: Buffer): Buffer {
  const reader = new Reader(body, 1);
  const [flags, minimum] = [reader.number(), reader.number()];
  return Buffer.from([1, flags | HAS_MAXIMUM, ...writeNumber(minimum), ...writeNumber(MOST_PAGES)]);
}

/** The code, one function's taken out. */
function emptyBody(body: Buffer, sections: readonly Section[], name: string): Buffer {
  const imports = sections.find(({ id }) => id === IMPORTS)?.body ?? Buffer.from([0]);
  // Modules here import functions alone, which are counted before their own.
  const place = exportedFunction(sections, name) - new Reader(imports, 0).number();
  const reader = new Reader(body, 0);
  reader.number();
  for (let i = 0; i < place; i++) reader.skip();
  const start = reader.at;
  reader.skip();
  // Two bytes: no locals, and the end.
  return Buffer.concat([body.subarray(0, start), Buffer.from([2, 0, 0x0b]), body.subarray(reader.at)]);
}

function exportedFunction(sections: readonly Section[], name: string): number {
  const reader = new Reader(sections.find(({ id }) => id === EXPORTS)?.body ?? Buffer.from([0]), 0);
  for (let left = reader.number(); left > 0; left--) {
    const [exported, kind, index] = [reader.text(), reader.number(), reader.number()];
    if (exported === name && kind === 0) return index;
  }
  throw new Error(`The decoder has no function ${name}.`);
}

/** Reads a module's numbers, unsigned LEB128, and what they are the lengths of. */
class Reader {
  readonly #code: Buffer;
  at: number;

  constructor(code: Buffer, at: number) {
    this.#code = code;
    this.at = at;
  }

  number(): number {
    let value = 0;
    for (let unit = 1; ; unit *= 0x80) {
      const byte = this.#code[this.at++] ?? 0;
      value += (byte & 0x7f) * unit;
      if (byte < 0x80) return value;
    }
  }

  skip(): void {
    const length = this.number();
    this.at += length;
  }

  text(): string {
    const length = this.number();
    this.at += length;
    return this.#code.toString('utf8', this.at - length, this.at);
  }
}

function writeNumber(value: number): readonly number[] {
  return value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...writeNumber(value >>> 7)];
}
