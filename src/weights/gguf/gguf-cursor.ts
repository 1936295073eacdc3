/** The bytes at hand end before the header does, though the file goes on. */
export class NeedMoreBytes extends Error {
  override readonly name = 'NeedMoreBytes';
}

/** The bytes are no GGUF header that can be used; the message completes `Weights file "x.gguf" …`. */
export class BadHeader extends Error {
  override readonly name = 'BadHeader';
}

/** Reads little-endian values in order from the first bytes of a file, never past the file's end. */
export class GgufCursor {
  readonly #bytes: Buffer;
  readonly #view: DataView;
  readonly #fileBytes: number;
  #position = 0;
  readonly #utf8 = new TextDecoder('utf-8');

  /** `head`: the file's first bytes, any number of them; `fileBytes`: how many the file has. */
  constructor(head: Uint8Array, fileBytes: number) {
    this.#bytes = Buffer.from(head.buffer, head.byteOffset, head.byteLength);
    this.#view = new DataView(head.buffer, head.byteOffset, head.byteLength);
    this.#fileBytes = fileBytes;
  }

  /** Bytes from the file's start. */
  get position(): number {
    return this.#position;
  }

  /** Bytes of the file that were not read yet. */
  get left(): number {
    return this.#fileBytes - this.#position;
  }

  /** Goes past `bytes` bytes, at hand or not, and returns where they start. */
  skip(bytes: number, what: string): number {
    if (bytes > this.left) {
      throw new BadHeader(`is cut off: ${what} needs ${bytes} bytes, the file has ${this.left} left`);
    }
    const start = this.#position;
    this.#position += bytes;
    return start;
  }

  u8(what: string): number {
    return this.#view.getUint8(this.#take(1, what));
  }

  i8(what: string): number {
    return this.#view.getInt8(this.#take(1, what));
  }

  u16(what: string): number {
    return this.#view.getUint16(this.#take(2, what), true);
  }

  i16(what: string): number {
    return this.#view.getInt16(this.#take(2, what), true);
  }

  u32(what: string): number {
    return this.#view.getUint32(this.#take(4, what), true);
  }

  i32(what: string): number {
    return this.#view.getInt32(this.#take(4, what), true);
  }

  f32(what: string): number {
    return this.#view.getFloat32(this.#take(4, what), true);
  }

  f64(what: string): number {
    return this.#view.getFloat64(this.#take(8, what), true);
  }

  /** Rounded beyond 2⁵³, as the next one; no key that is used comes near it. */
  u64(what: string): number {
    const position = this.#take(8, what);
    return this.#view.getUint32(position, true) + this.#view.getUint32(position + 4, true) * 2 ** 32;
  }

  i64(what: string): number {
    return Number(this.#view.getBigInt64(this.#take(8, what), true));
  }

  /** A number of things that take at least `bytesEach` each of what the file has left. */
  count(what: string, bytesEach: number): number {
    const count = this.u64(what);
    if (count * bytesEach > this.left) throw this.#tooMany(what, count);
    return count;
  }

  string(what: string): string {
    const start = this.#takeText(what);
    return this.#utf8.decode(this.#bytes.subarray(start, this.#position));
  }

  /** A character a byte: for vocabularies, whose texts are told apart and not read. */
  undecodedString(what: string): string {
    const start = this.#takeText(what);
    return this.#bytes.toString('latin1', start, this.#position);
  }

  skipString(what: string): void {
    this.#takeText(what);
  }

  /** What lies between `start` and here, as far as it is at hand. */
  bytesFrom(start: number): Uint8Array {
    return this.#bytes.subarray(start, this.#position);
  }

  /** Goes past a text and returns where its bytes start; it is named in full only when it is refused, since there are 32,000. */
  #takeText(what: string): number {
    const length = this.u64(what);
    if (length > this.left) throw this.#tooMany(`the length of ${what}`, length);
    return this.#take(length, what);
  }

  #tooMany(what: string, count: number): BadHeader {
    return new BadHeader(`is damaged or cut off: ${what} is ${count}, the file has ${this.left} bytes left`);
  }

  #take(bytes: number, what: string): number {
    const start = this.skip(bytes, what);
    if (this.#position > this.#view.byteLength) throw new NeedMoreBytes();
    return start;
  }
}
