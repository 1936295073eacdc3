import { quote } from '../../llava/quote.js';
import { countOf, spanOf } from '../files/stored-tensor.js';
import { BadPickle } from './bad-pickle.js';
import { Dict, Global, Storage, Tensor, Tuple, type PickleValue } from './pickle-values.js';

/** Models' tensors have at most four. */
const MOST_DIMENSIONS = 8;

type Make = (args: readonly PickleValue[]) => PickleValue;

/**
 * All that a pickle may name, with what calling it makes here; undefined for what is only a name. No function of
 * Python's is ever called: these are the ways in which torch describes a tensor.
 */
const ALLOWED: ReadonlyMap<string, Make | undefined> = new Map<string, Make | undefined>([
  ['collections.OrderedDict', makeDict],
  ['torch.Size', makeSize],
  ['torch._utils._rebuild_tensor', makeTensor],
  ['torch._utils._rebuild_tensor_v2', makeTensor],
  ['torch._utils._rebuild_parameter', takeFirst],
  ...['Double', 'Float', 'Half', 'BFloat16', 'Long', 'Int', 'Short', 'Char', 'Byte', 'Bool'].map(
    (type) => [`torch.${type}Storage`, undefined] as const,
  ),
]);

/**
 * A name that a pickle looks up.
 * @throws BadPickle for all that are not on the list
 */
export function lookUp(module: string, name: string): Global {
  const full = `${module}.${name}`;
  if (ALLOWED.has(full)) return new Global(full);
  throw new BadPickle(`wants to use ${quote(full)} of Python, which could run any code`);
}

/** What calling a name of the list makes. */
export function call(callee: PickleValue, args: PickleValue): PickleValue {
  const make = callee instanceof Global ? ALLOWED.get(callee.name) : undefined;
  if (make === undefined || !(args instanceof Tuple))
    throw new BadPickle('wants to call what is no function of torch');
  return make(args.items);
}

/**
 * The storage that a persistent id stands for: `('storage', type, key, place, count)`.
 * @throws BadPickle for anything else
 */
export function storageOf(id: PickleValue): Storage {
  const [kind, type, key, , count] = id instanceof Tuple ? id.items : [];
  const isStorage = kind === 'storage' && type instanceof Global && type.name.endsWith('Storage');
  if (!isStorage || typeof key !== 'string' || !isCount(count))
    throw new BadPickle('is damaged or hostile: it describes a storage as torch does not');
  return new Storage(key, type.name.replace('torch.', ''), count);
}

/** With pairs in a list, or empty. */
function makeDict(args: readonly PickleValue[]): Dict {
  const dict = new Dict();
  const [pairs = []] = args;
  if (!Array.isArray(pairs) || args.length > 1) throw new BadPickle('makes a dictionary as torch does not');
  for (const pair of pairs) {
    const [key, value, ...more] = pair instanceof Tuple ? pair.items : Array.isArray(pair) ? pair : [];
    if (key === undefined || value === undefined || more.length > 0)
      throw new BadPickle('makes a dictionary as torch does not');
    setEntry(dict, key, value);
  }
  return dict;
}

/** @throws BadPickle for keys that no state dictionary has, and for one that is there already */
export function setEntry(dict: Dict, key: PickleValue, value: PickleValue): void {
  if (typeof key !== 'string' && typeof key !== 'number')
    throw new BadPickle('is damaged or hostile: a key of its dictionary is neither text nor number');
  if (dict.entries.has(key)) throw new BadPickle(`is damaged: it has the key ${quote(String(key))} twice`);
  dict.entries.set(key, value);
}

function makeSize([sizes]: readonly PickleValue[]): Tuple {
  if (sizes instanceof Tuple) return sizes;
  throw new BadPickle('makes a size as torch does not');
}

/** `(storage, offset, shape, strides, …)`: whether gradients are wanted, and hooks, do not matter. */
function makeTensor([storage, offset, shape, strides]: readonly PickleValue[]): Tensor {
  if (!(storage instanceof Storage) || !isCount(offset) || !isShape(shape) || !isShape(strides))
    throw new BadPickle('is damaged or hostile: it describes a tensor as torch does not');
  const sizes = shape.items;
  const steps = strides.items;
  const fits =
    sizes.length === steps.length &&
    countOf(sizes) <= storage.count &&
    offset + spanOf(sizes, steps) <= storage.count;
  if (!fits)
    throw new BadPickle(
      `is damaged or hostile: it has a tensor of [${sizes.join(', ')}] numbers in a storage of ${storage.count}`,
    );
  return new Tensor(storage, offset, sizes, steps);
}

/** `(tensor, …)`: a parameter is its tensor. */
function takeFirst([tensor]: readonly PickleValue[]): Tensor {
  if (tensor instanceof Tensor) return tensor;
  throw new BadPickle('is damaged or hostile: it describes a parameter as torch does not');
}

function isCount(value: PickleValue | undefined): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}

function isShape(value: PickleValue | undefined): value is Tuple & { readonly items: readonly number[] } {
  return value instanceof Tuple && value.items.length <= MOST_DIMENSIONS && value.items.every(isCount);
}
