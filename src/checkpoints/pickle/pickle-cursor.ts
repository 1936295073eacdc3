import { BadPickle } from './bad-pickle.js';

/** A pickle names no longer lines than Python's dotted names. */
const LONGEST_LINE = 1000;

/** Reads a pickle's arguments in order, never past its end. */
export class PickleCursor {
  readonly #bytes: Buffer;
  #position = 0;
  readonly #utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  u8(): number {
    return this.#bytes.readUInt8(this.#take(1));
  }

  u16(): number {
    return this.#bytes.readUInt16LE(this.#take(2));
  }

  u32(): number {
    return this.#bytes.readUInt32LE(this.#take(4));
  }

  i32(): number {
    return this.#bytes.readInt32LE(this.#take(4));
  }

  /** Of lengths: none is longer than the pickle. */
  u64(): number {
    return Number(this.#bytes.readBigUInt64LE(this.#take(8)));
  }

  /** Floats alone are big-endian in pickles. */
  f64(): number {
    return this.#bytes.readDoubleBE(this.#take(8));
  }

  /** A whole number of up to eight bytes, in two's complement. */
  long(length: number): number {
    if (length > 8) throw new BadPickle(`is damaged or hostile: it holds a number of ${length} bytes`);
    const start = this.#take(length);
    let value = 0n;
    for (let at = length - 1; at >= 0; at--) value = (value << 8n) | BigInt(this.#bytes[start + at] ?? 0);
    const number = Number(BigInt.asIntN(length * 8, value));
    if (Number.isSafeInteger(number)) return number;
    throw new BadPickle('is damaged or hostile: it holds a number beyond all sizes');
  }

  text(length: number): string {
    const start = this.#take(length);
    try {
      return this.#utf8.decode(this.#bytes.subarray(start, start + length));
    } catch {
      throw new BadPickle('is damaged: it holds text that is not UTF-8');
    }
  }

  bytes(length: number): Uint8Array {
    const start = this.#take(length);
    return this.#bytes.subarray(start, start + length);
  }

  /** Up to the next line break. */
  line(): string {
    const end = this.#bytes.subarray(this.#position, this.#position + LONGEST_LINE).indexOf(0x0a);
    if (end === -1) throw new BadPickle('is damaged or cut off: it holds a name without an end');
    const line = this.text(end);
    this.#take(1);
    return line;
  }

  #take(length: number): number {
    const start = this.#position;
    if (length > this.#bytes.length - start) throw new BadPickle('is cut off within its pickle');
    this.#position = start + length;
    return start;
  }
}
