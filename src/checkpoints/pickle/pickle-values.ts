/** A name that a pickle looks up in Python's modules; only those of the list get here. */
export class Global {
  readonly name: string;
  constructor(name: string) {
    this.name = name;
  }
}

/** A tuple; lists are arrays. */
export class Tuple {
  readonly items: readonly PickleValue[];
  constructor(items: readonly PickleValue[]) {
    this.items = items;
  }
}

/** A dict or an OrderedDict. */
export class Dict {
  readonly entries = new Map<string | number, PickleValue>();
}

/** Numbers of one type in an entry of the archive. */
export class Storage {
  readonly key: string;
  /** `FloatStorage` and its like. */
  readonly type: string;
  readonly count: number;
  constructor(key: string, type: string, count: number) {
    this.key = key;
    this.type = type;
    this.count = count;
  }
}

/** A view of a storage, in numbers. */
export class Tensor {
  readonly storage: Storage;
  readonly offset: number;
  readonly shape: readonly number[];
  readonly strides: readonly number[];
  constructor(storage: Storage, offset: number, shape: readonly number[], strides: readonly number[]) {
    this.storage = storage;
    this.offset = offset;
    this.shape = shape;
    this.strides = strides;
  }
}

export type PickleValue =
  null | boolean | number | string | Uint8Array | PickleValue[] | Tuple | Dict | Global | Storage | Tensor;
