import type { ImagePrefix } from '../engine/engine.js';

/** Image prefixes by key, the ones used last; a prefix holds its features, so only so many are kept. */
export class PrefixShelf {
  readonly #most: number;
  readonly #prefixes = new Map<string, Promise<ImagePrefix>>();

  constructor(most: number) {
    this.#most = most;
  }

  /** The prefix of that key, made now when it is not here; one that cannot be made is made again the next time. */
  get(key: string, make: () => Promise<ImagePrefix>): Promise<ImagePrefix> {
    const prefix = this.#prefixes.get(key) ?? this.#make(key, make);
    // The one used last stands last.
    this.#prefixes.delete(key);
    this.#prefixes.set(key, prefix);
    for (const oldest of this.#prefixes.keys())
      if (this.#prefixes.size > this.#most) this.#prefixes.delete(oldest);
    return prefix;
  }

  clear(): void {
    this.#prefixes.clear();
  }

  #make(key: string, make: () => Promise<ImagePrefix>): Promise<ImagePrefix> {
    const prefix = make();
    prefix.catch(() => {
      if (this.#prefixes.get(key) === prefix) this.#prefixes.delete(key);
    });
    return prefix;
  }
}
