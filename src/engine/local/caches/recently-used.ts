/** Values by key, the ones used last; one that is being made is made once. */
export class RecentlyUsed<Value> {
  readonly #most: number;
  readonly #values = new Map<string, Promise<Value>>();

  /** @param most values kept; 0 keeps none */
  constructor(most: number) {
    this.#most = most;
  }

  get size(): number {
    return this.#values.size;
  }

  /** The value of that key, made now when it is not here; one that cannot be made is made again the next time. */
  get(key: string, make: () => Promise<Value>): Promise<Value> {
    const value = this.#values.get(key) ?? this.#make(key, make);
    // The one used last stands last.
    this.#values.delete(key);
    this.#values.set(key, value);
    for (const oldest of this.#values.keys()) if (this.#values.size > this.#most) this.#values.delete(oldest);
    return value;
  }

  #make(key: string, make: () => Promise<Value>): Promise<Value> {
    const value = make();
    value.catch(() => {
      if (this.#values.get(key) === value) this.#values.delete(key);
    });
    return value;
  }
}
