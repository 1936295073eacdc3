import { join } from 'node:path';
import { quote } from '../../llava/quote.js';
import { isObject, parseJson, type JsonObject } from '../../llava/json.js';
import { FETCH_AGAIN, fileError } from '../checkpoint-error.js';
import { readIfThere } from '../files/read-if-there.js';

/** Configurations and tokenizers are a few MB at most. */
const LONGEST_JSON = 1 << 28;

/** An object of a JSON file; values of the wrong kind are refused with the file, the field and the value. */
export class Fields {
  readonly path: string;
  readonly #values: JsonObject;
  /** Of this object inside the file, with a dot at the end; empty at the top. */
  readonly #place: string;

  constructor(path: string, values: JsonObject, place = '') {
    this.path = path;
    this.#values = values;
    this.#place = place;
  }

  get keys(): readonly string[] {
    return Object.keys(this.#values);
  }

  /** Undefined for fields that are missing or null, as Python writes what is not set. */
  value(key: string): unknown {
    return Object.hasOwn(this.#values, key) ? (this.#values[key] ?? undefined) : undefined;
  }

  has(key: string): boolean {
    return this.value(key) !== undefined;
  }

  text(key: string): string | undefined {
    const value = this.value(key);
    if (value === undefined || typeof value === 'string') return value;
    throw this.#unfit(key, 'a text');
  }

  flag(key: string): boolean | undefined {
    const value = this.value(key);
    if (value === undefined || typeof value === 'boolean') return value;
    throw this.#unfit(key, 'true or false');
  }

  number(key: string): number | undefined {
    const value = this.value(key);
    if (value === undefined || (typeof value === 'number' && Number.isFinite(value))) return value;
    throw this.#unfit(key, 'a number');
  }

  /** Of at least one, and far below what could not be counted. */
  size(key: string): number | undefined {
    const value = this.value(key);
    if (value === undefined) return undefined;
    if (typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= 2 ** 31) return value;
    throw this.#unfit(key, 'a whole number from 1 on');
  }

  whole(key: string): number | undefined {
    const value = this.value(key);
    if (value === undefined || (typeof value === 'number' && Number.isSafeInteger(value))) return value;
    throw this.#unfit(key, 'a whole number');
  }

  texts(key: string): readonly string[] | undefined {
    const value = this.value(key);
    if (value === undefined) return undefined;
    if (Array.isArray(value) && value.every((one) => typeof one === 'string')) return value;
    throw this.#unfit(key, 'a list of texts');
  }

  /** Three, for red, green and blue. */
  colour(key: string): readonly [number, number, number] | undefined {
    const value = this.value(key);
    if (value === undefined) return undefined;
    if (Array.isArray(value) && value.length === 3 && value.every((one) => typeof one === 'number'))
      return [Number(value[0]), Number(value[1]), Number(value[2])];
    throw this.#unfit(key, 'a list of three numbers');
  }

  object(key: string): Fields | undefined {
    const value = this.value(key);
    if (value === undefined) return undefined;
    if (isObject(value)) return new Fields(this.path, value, `${this.#place}${key}.`);
    throw this.#unfit(key, 'an object');
  }

  /** `<place>key` between quotation marks. */
  nameOf(key: string): string {
    return quote(`${this.#place}${key}`);
  }

  /** Says what a field is that cannot be used; `needed` completes `… must be`. */
  #unfit(key: string, needed: string): Error {
    const value = this.#values[key];
    const shown = quote(typeof value === 'string' ? value : JSON.stringify(value));
    return fileError(this.path, `has ${shown} as ${this.nameOf(key)}: it must be ${needed}`, FETCH_AGAIN);
  }
}

/**
 * The object in a JSON file of a folder; undefined when there is no such file.
 * @throws ExpectedError('weights') when it cannot be read or is no object
 */
export async function readFields(folder: string, name: string): Promise<Fields | undefined> {
  const path = join(folder, name);
  const bytes = await readIfThere(path);
  if (bytes === undefined) return undefined;
  if (bytes.length > LONGEST_JSON) throw fileError(path, `has ${bytes.length} bytes`, FETCH_AGAIN);
  const value = parseJson(bytes.toString('utf8'));
  if (!isObject(value)) throw fileError(path, 'is damaged: it is not a JSON object', FETCH_AGAIN);
  return new Fields(path, value);
}
