/** 32-bit words of a key. */
const WORDS = 4;
/** A place never used. */
const NONE = -1;
/** A place whose key was forgotten; the way to keys behind it leads past it. */
const FORGOTTEN = -2;

/**
 * Numbers from 0 by key, in 24 bytes each: a map of texts would take several times that, and there is one entry for
 * each answer of a batch. Keys are those of `fingerprint.ts`: 128 random bits, so their first word is hash enough.
 * Open addressing with linear probing, at most half full.
 */
export class KeyTable {
  #capacity = 1024;
  #size = 0;
  #words = new Uint32Array(this.#capacity * WORDS);
  #values = new Float64Array(this.#capacity).fill(NONE);
  readonly #key = new Uint32Array(WORDS);
  readonly #keyBytes = Buffer.from(this.#key.buffer);

  get(key: string): number | undefined {
    this.#read(key);
    const value = this.#values[this.#slotOf(this.#key)];
    return value === undefined || value < 0 ? undefined : value;
  }

  set(key: string, value: number): void {
    if (this.#size * 2 >= this.#capacity) this.#grow();
    this.#read(key);
    this.#put(this.#key, value);
  }

  /** As if it had never been set. */
  forget(key: string): void {
    if (this.get(key) !== undefined) this.#put(this.#key, FORGOTTEN);
  }

  #put(key: Uint32Array, value: number): void {
    const slot = this.#slotOf(key);
    if (this.#values[slot] === NONE) this.#size++;
    this.#words.set(key, slot * WORDS);
    this.#values[slot] = value;
  }

  /** Where the key is, or the free place where it belongs. */
  #slotOf(key: Uint32Array): number {
    let slot = (key[0] ?? 0) % this.#capacity;
    while (this.#values[slot] !== NONE && !this.#isAt(slot, key)) slot = (slot + 1) % this.#capacity;
    return slot;
  }

  #isAt(slot: number, key: Uint32Array): boolean {
    for (let word = 0; word < WORDS; word++) if (this.#words[slot * WORDS + word] !== key[word]) return false;
    return true;
  }

  #grow(): void {
    const words = this.#words;
    const values = this.#values;
    this.#capacity *= 2;
    this.#size = 0;
    this.#words = new Uint32Array(this.#capacity * WORDS);
    this.#values = new Float64Array(this.#capacity).fill(NONE);
    for (const [slot, value] of values.entries())
      if (value >= 0) this.#put(words.subarray(slot * WORDS, (slot + 1) * WORDS), value);
  }

  /** @throws RangeError when the text is no key */
  #read(key: string): void {
    const bytes = Buffer.from(key, 'base64url');
    if (bytes.length !== this.#keyBytes.length) throw new RangeError(`"${key}" is no key.`);
    bytes.copy(this.#keyBytes);
  }
}
