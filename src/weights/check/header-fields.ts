import { quote } from '../../llava/quote.js';
import type { GgufHeader } from '../gguf/gguf-header.js';
import type { GgufTensor } from '../gguf/parse-gguf.js';
import { weightsError } from '../weights-error.js';

/** Largest count or width believed of a model; keeps products of two exact. */
const LARGEST = 2 ** 26;

/** A whole number above 0 under `key`. @throws ExpectedError 'weights' when absent or something else. */
export function countAt(header: GgufHeader, key: string, hint: string): number {
  const value = header.metadata.get(key);
  if (typeof value === 'number' && Number.isInteger(value) && value > 0 && value <= LARGEST) return value;
  const found = value === undefined ? 'is missing' : `is ${quote(JSON.stringify(value), 60)}`;
  throw weightsError(header.path, `is not usable: ${quote(key)} ${found}, a count is needed`, hint);
}

/** The text under `key`, undefined when absent or something else. */
export function textAt(header: GgufHeader, key: string): string | undefined {
  const value = header.metadata.get(key);
  return typeof value === 'string' ? value : undefined;
}

/** The length of the array under `key`, undefined when absent or something else. */
export function lengthAt(header: GgufHeader, key: string): number | undefined {
  const value = header.metadata.get(key);
  return typeof value === 'object' ? value.length : undefined;
}

/**
 * The tensor `name`, of the given shape: innermost dimension first, undefined where any size will do.
 * @throws ExpectedError 'weights' when it is missing or of another shape.
 */
export function tensorAt(
  header: GgufHeader,
  name: string,
  shape: readonly (number | undefined)[],
  hint: string,
): GgufTensor {
  const tensor = header.tensors.get(name);
  if (tensor === undefined) throw weightsError(header.path, `lacks the tensor ${quote(name)}`, hint);
  const fits =
    tensor.shape.length === shape.length &&
    shape.every((size, i) => size === undefined || size === tensor.shape[i]);
  if (fits) return tensor;
  const wanted = shape.map((size) => size ?? 'any').join('×');
  const problem = `is not usable: tensor ${quote(name)} is ${tensor.shape.join('×')}, not ${wanted}`;
  throw weightsError(header.path, problem, hint);
}

/**
 * How many numbered blocks the tensors named `<prefix><number>.…` make, from 0 without a gap.
 * @throws ExpectedError 'weights' unless it is `expected`, the number that the metadata say.
 */
export function checkBlocks(header: GgufHeader, prefix: string, expected: number, hint: string): void {
  const stored = new Set<number>();
  for (const name of header.tensors.keys()) {
    if (name.startsWith(prefix)) stored.add(Number.parseInt(name.slice(prefix.length), 10));
  }
  const last = Math.max(-1, ...stored);
  if (stored.size === expected && last === expected - 1) return;
  const problem = `is not usable: it says ${expected} blocks but stores ${stored.size}, up to number ${last}`;
  throw weightsError(header.path, problem, hint);
}

/** The number format that holds most of the file's bytes, such as `q4_K`. */
export function mainType(header: GgufHeader): string {
  const bytes = new Map<string, number>();
  for (const tensor of header.tensors.values()) {
    bytes.set(tensor.type, (bytes.get(tensor.type) ?? 0) + tensor.bytes);
  }
  return [...bytes].reduce((most, entry) => (entry[1] > most[1] ? entry : most), ['none', -1])[0];
}
