import { BadPickle } from './bad-pickle.js';
import { call, lookUp, setEntry, storageOf } from './allowed-globals.js';
import { PickleCursor } from './pickle-cursor.js';
import { Dict, Tuple, type PickleValue } from './pickle-values.js';

/** A tensor takes some 40 operations and a dozen remembered values; a 7B model has 700 tensors. */
const MOST_OPERATIONS = 500_000;
const MOST_VALUES = 200_000;

/** Where a tuple, list or dict began; never a value itself. */
const MARK = Symbol('mark');

/**
 * Python's pickle machine, protocols 2 to 5, with nothing in it that could run code: it knows the operations that
 * torch.save needs, and the names of `allowed-globals`. Source: Python's pickletools.
 * @throws BadPickle for every other operation, by its name, and for damaged or endless pickles
 */
export function unpickle(bytes: Buffer): PickleValue {
  return new Machine(bytes).run();
}

class Machine {
  readonly #cursor: PickleCursor;
  readonly #stack: (PickleValue | typeof MARK)[] = [];
  readonly #memo = new Map<number, PickleValue>();

  constructor(bytes: Buffer) {
    this.#cursor = new PickleCursor(bytes);
  }

  run(): PickleValue {
    for (let done = 0; done < MOST_OPERATIONS; done++) {
      const code = this.#cursor.u8();
      const operation = OPERATIONS.get(code);
      if (operation === undefined)
        throw new BadPickle(`uses the pickle operation ${nameOfOperation(code)}, which torch.save does not`);
      if (operation === 'stop') return this.pop();
      operation(this, this.#cursor);
    }
    throw new BadPickle('is hostile: its pickle has too many operations');
  }

  push(value: PickleValue | typeof MARK): void {
    if (this.#stack.length >= MOST_VALUES)
      throw new BadPickle('is hostile: its pickle holds too many values');
    this.#stack.push(value);
  }

  pop(): PickleValue {
    const value = this.#stack.pop();
    if (value === undefined || value === MARK)
      throw new BadPickle('is damaged: its pickle takes what is not there');
    return value;
  }

  top(): PickleValue {
    const value = this.#stack.at(-1);
    if (value === undefined || value === MARK)
      throw new BadPickle('is damaged: its pickle takes what is not there');
    return value;
  }

  /** All values since the last mark, which goes too. */
  popToMark(): readonly PickleValue[] {
    const mark = this.#stack.lastIndexOf(MARK);
    if (mark === -1) throw new BadPickle('is damaged: its pickle takes what is not there');
    const values = this.#stack.splice(mark).slice(1);
    return values.filter((value) => value !== MARK);
  }

  remember(index: number): void {
    if (this.#memo.size >= MOST_VALUES)
      throw new BadPickle('is hostile: its pickle remembers too many values');
    this.#memo.set(index, this.top());
  }

  /** Under the next number. */
  rememberNext(): void {
    this.remember(this.#memo.size);
  }

  recall(index: number): void {
    const value = this.#memo.get(index);
    if (value === undefined) throw new BadPickle('is damaged: its pickle recalls what it has not met');
    this.push(value);
  }
}

type Operation = (machine: Machine, cursor: PickleCursor) => void;

function pushTuple(machine: Machine, count: number): void {
  const items = Array.from({ length: count }, () => machine.pop());
  machine.push(new Tuple(items.reverse()));
}

function setItems(machine: Machine, items: readonly PickleValue[]): void {
  const dict = machine.top();
  if (!(dict instanceof Dict) || items.length % 2 !== 0)
    throw new BadPickle('is damaged: it fills what is no dictionary');
  for (let at = 0; at < items.length; at += 2) {
    const [key = null, value = null] = items.slice(at, at + 2);
    setEntry(dict, key, value);
  }
}

function append(machine: Machine, items: readonly PickleValue[]): void {
  const list = machine.top();
  if (!Array.isArray(list)) throw new BadPickle('is damaged: it appends to what is no list');
  for (const item of items) list.push(item);
}

function pushGlobal(machine: Machine, module: PickleValue, name: PickleValue): void {
  if (typeof module !== 'string' || typeof name !== 'string')
    throw new BadPickle('is hostile: it looks up what is no name');
  machine.push(lookUp(module, name));
}

/** What torch sets on a dictionary are the versions of modules, which no weight depends on. */
function build(machine: Machine): void {
  const state = machine.pop();
  const isKnown = machine.top() instanceof Dict && (state instanceof Dict || state instanceof Tuple);
  if (!isKnown) throw new BadPickle('is hostile: it sets the state of what torch does not');
}

const OPERATIONS: ReadonlyMap<number, Operation | 'stop'> = new Map<number, Operation | 'stop'>([
  [0x2e, 'stop'],
  [0x80, readProtocol],
  // Frames only say how far to read ahead.
  [0x95, (_, cursor) => void cursor.u64()],
  [
    0x28,
    (machine) => {
      machine.push(MARK);
    },
  ],
  [0x30, (machine) => void machine.pop()],
  [0x31, (machine) => void machine.popToMark()],
  [
    0x4e,
    (machine) => {
      machine.push(null);
    },
  ],
  [
    0x88,
    (machine) => {
      machine.push(true);
    },
  ],
  [
    0x89,
    (machine) => {
      machine.push(false);
    },
  ],
  [
    0x4a,
    (machine, cursor) => {
      machine.push(cursor.i32());
    },
  ],
  [
    0x4b,
    (machine, cursor) => {
      machine.push(cursor.u8());
    },
  ],
  [
    0x4d,
    (machine, cursor) => {
      machine.push(cursor.u16());
    },
  ],
  [
    0x8a,
    (machine, cursor) => {
      machine.push(cursor.long(cursor.u8()));
    },
  ],
  [
    0x47,
    (machine, cursor) => {
      machine.push(cursor.f64());
    },
  ],
  [
    0x58,
    (machine, cursor) => {
      machine.push(cursor.text(cursor.u32()));
    },
  ],
  [
    0x8c,
    (machine, cursor) => {
      machine.push(cursor.text(cursor.u8()));
    },
  ],
  [
    0x8d,
    (machine, cursor) => {
      machine.push(cursor.text(cursor.u64()));
    },
  ],
  [
    0x43,
    (machine, cursor) => {
      machine.push(cursor.bytes(cursor.u8()));
    },
  ],
  [
    0x42,
    (machine, cursor) => {
      machine.push(cursor.bytes(cursor.u32()));
    },
  ],
  [
    0x8e,
    (machine, cursor) => {
      machine.push(cursor.bytes(cursor.u64()));
    },
  ],
  [
    0x29,
    (machine) => {
      machine.push(new Tuple([]));
    },
  ],
  [
    0x85,
    (machine) => {
      pushTuple(machine, 1);
    },
  ],
  [
    0x86,
    (machine) => {
      pushTuple(machine, 2);
    },
  ],
  [
    0x87,
    (machine) => {
      pushTuple(machine, 3);
    },
  ],
  [
    0x74,
    (machine) => {
      machine.push(new Tuple(machine.popToMark()));
    },
  ],
  [
    0x5d,
    (machine) => {
      machine.push([]);
    },
  ],
  [
    0x61,
    (machine) => {
      const item = machine.pop();
      append(machine, [item]);
    },
  ],
  [
    0x65,
    (machine) => {
      const items = machine.popToMark();
      append(machine, items);
    },
  ],
  [
    0x7d,
    (machine) => {
      machine.push(new Dict());
    },
  ],
  [
    0x73,
    (machine) => {
      const value = machine.pop();
      const key = machine.pop();
      setItems(machine, [key, value]);
    },
  ],
  [
    0x75,
    (machine) => {
      const items = machine.popToMark();
      setItems(machine, items);
    },
  ],
  [
    0x71,
    (machine, cursor) => {
      machine.remember(cursor.u8());
    },
  ],
  [
    0x72,
    (machine, cursor) => {
      machine.remember(cursor.u32());
    },
  ],
  [
    0x94,
    (machine) => {
      machine.rememberNext();
    },
  ],
  [
    0x68,
    (machine, cursor) => {
      machine.recall(cursor.u8());
    },
  ],
  [
    0x6a,
    (machine, cursor) => {
      machine.recall(cursor.u32());
    },
  ],
  [
    0x63,
    (machine, cursor) => {
      const module = cursor.line();
      pushGlobal(machine, module, cursor.line());
    },
  ],
  [
    0x93,
    (machine) => {
      const name = machine.pop();
      pushGlobal(machine, machine.pop(), name);
    },
  ],
  [
    0x52,
    (machine) => {
      const args = machine.pop();
      machine.push(call(machine.pop(), args));
    },
  ],
  [0x62, build],
  [
    0x51,
    (machine) => {
      machine.push(storageOf(machine.pop()));
    },
  ],
]);

function readProtocol(_: Machine, cursor: PickleCursor): void {
  const protocol = cursor.u8();
  if (protocol < 2 || protocol > 5)
    throw new BadPickle(`has a pickle of protocol ${protocol}; 2 to 5 are read`);
}

/** Python's names of operations that are refused, for the message. */
const REFUSED: ReadonlyMap<number, string> = new Map([
  [0x69, 'INST'],
  [0x6f, 'OBJ'],
  [0x81, 'NEWOBJ'],
  [0x92, 'NEWOBJ_EX'],
  [0x82, 'EXT1'],
  [0x83, 'EXT2'],
  [0x84, 'EXT4'],
  [0x50, 'PERSID'],
  [0x8b, 'LONG4'],
  [0x32, 'DUP'],
  [0x64, 'DICT'],
  [0x6c, 'LIST'],
  [0x8f, 'EMPTY_SET'],
  [0x90, 'ADDITEMS'],
  [0x91, 'FROZENSET'],
  [0x96, 'BYTEARRAY8'],
  [0x97, 'NEXT_BUFFER'],
  [0x98, 'READONLY_BUFFER'],
]);

function nameOfOperation(code: number): string {
  return REFUSED.get(code) ?? `0x${code.toString(16).padStart(2, '0')}`;
}
