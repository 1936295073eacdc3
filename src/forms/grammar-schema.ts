import { ExpectedError } from '../llava/expected-error.js';
import { isObject, type JsonObject } from '../llava/json.js';
import { quote } from '../llava/quote.js';

/** The part of JSON Schema that node-llama-cpp makes grammars of. */
export type GrammarSchema = Readonly<Record<string, unknown>>;

/** Keywords that allow and forbid nothing. */
const ANNOTATIONS = [
  '$schema',
  '$id',
  '$comment',
  'title',
  'description',
  'default',
  'examples',
  'deprecated',
  'readOnly',
  'writeOnly',
];
/** Keywords of a whole schema, beside those of its outermost part. */
const OF_THE_WHOLE = ['$defs', '$id'];
const SCALARS = ['string', 'number', 'integer', 'boolean', 'null'];
const STRING_FORMATS = ['date', 'time', 'date-time'];
const MAX_DEPTH = 64;
/** Repetitions that llama.cpp's grammars still take. */
const MAX_COUNT = 1000;

/**
 * A JSON Schema as one that a grammar can express and that allows nothing more: all properties are given, in their order,
 * and no others beside them.
 * @throws ExpectedError('usage') that names the first part no grammar can express, by its JSON pointer
 */
export function toGrammarSchema(value: unknown): GrammarSchema {
  const definitions = isObject(value) && isObject(value['$defs']) ? value['$defs'] : {};
  const place = { pointer: '', depth: 0, definitions: new Set(Object.keys(definitions)) };
  if (!isObject(value)) throw refuse(place, 'it is not an object');
  const { $defs } = value;
  const rest = Object.fromEntries(
    Object.entries(value).filter(([keyword]) => !OF_THE_WHOLE.includes(keyword)),
  );
  if ($defs !== undefined && !isObject($defs)) throw refuse(at(place, '$defs'), 'it is not an object');
  const schema = translate(rest, place);
  if ($defs === undefined) return schema;
  const translated = translateAll(definitions, at(place, '$defs'));
  for (const name of Object.keys(translated))
    if (namesAtStart(translated, name).has(name))
      throw refuse(at(at(place, '$defs'), name), 'it begins with itself and never ends');
  return { ...schema, $defs: translated };
}

/** Definitions that one may begin with, before any bracket or text. */
function namesAtStart(definitions: GrammarSchema, name: string): ReadonlySet<string> {
  const found = new Set<string>();
  const open: unknown[] = [definitions[name]];
  for (let schema = open.pop(); schema !== undefined; schema = open.pop()) {
    if (!isObject(schema)) continue;
    const { $ref, oneOf } = schema;
    if (Array.isArray(oneOf)) open.push(...(oneOf as readonly unknown[]));
    const next = typeof $ref === 'string' ? $ref.slice('#/$defs/'.length) : undefined;
    if (next === undefined || found.has(next)) continue;
    found.add(next);
    open.push(definitions[next]);
  }
  return found;
}

function translate(value: unknown, place: Place): GrammarSchema {
  if (!isObject(value)) throw refuse(place, `it is ${show(value)}, not an object`);
  if (place.depth > MAX_DEPTH) throw refuse(place, `it is nested more than ${MAX_DEPTH} deep`);
  if ('$ref' in value) return translateReference(value, place);
  if ('anyOf' in value) return translateCases(value, 'anyOf', place);
  if ('oneOf' in value) return translateCases(value, 'oneOf', place);
  if ('const' in value) return translateConstant(value, place);
  if ('enum' in value) return translateEnumeration(value, place);
  switch (value['type']) {
    case 'object':
      return translateObject(value, place);
    case 'array':
      return translateArray(value, place);
    case 'string':
      return translateString(value, place);
    default:
      return translateScalar(value, place);
  }
}

function translateReference(value: JsonObject, place: Place): GrammarSchema {
  allow(value, ['$ref'], place);
  const { $ref } = value;
  const name = typeof $ref === 'string' ? /^#\/\$defs\/([^/]+)$/.exec($ref)?.[1] : undefined;
  if (name === undefined || !place.definitions.has(name))
    throw refuse(at(place, '$ref'), `${show($ref)} is none of the schema's $defs`);
  return { $ref };
}

function translateCases(value: JsonObject, keyword: 'anyOf' | 'oneOf', place: Place): GrammarSchema {
  allow(value, [keyword], place);
  const cases = value[keyword];
  if (!Array.isArray(cases) || cases.length === 0)
    throw refuse(at(place, keyword), 'it is not a list of schemas');
  return { oneOf: cases.map((one: unknown, index) => translate(one, at(at(place, keyword), index))) };
}

function translateConstant(value: JsonObject, place: Place): GrammarSchema {
  allow(value, ['const', 'type'], place);
  checkScalar(value['const'], value['type'], at(place, 'const'));
  return { const: value['const'] };
}

function translateEnumeration(value: JsonObject, place: Place): GrammarSchema {
  allow(value, ['enum', 'type'], place);
  const values = value['enum'];
  if (!Array.isArray(values) || values.length === 0)
    throw refuse(at(place, 'enum'), 'it is not a list of values');
  for (const [index, one] of values.entries()) checkScalar(one, value['type'], at(at(place, 'enum'), index));
  return { enum: values as readonly unknown[] };
}

function translateObject(value: JsonObject, place: Place): GrammarSchema {
  allow(value, ['type', 'properties', 'required', 'additionalProperties', 'maxProperties'], place);
  const { properties = {}, required = [], additionalProperties = true, maxProperties } = value;
  if (!isObject(properties)) throw refuse(at(place, 'properties'), 'it is not an object');
  if (!Array.isArray(required)) throw refuse(at(place, 'required'), 'it is not a list');
  const missing = required.findIndex((name) => typeof name !== 'string' || !Object.hasOwn(properties, name));
  if (missing >= 0) throw refuse(at(at(place, 'required'), missing), 'there is no such property');
  const most = readCount(value, 'maxProperties', place);
  const names = Object.keys(properties);
  if (most !== undefined && most < names.length)
    throw refuse(at(place, 'maxProperties'), 'all properties are always given, and they are more');
  if (names.length > 0) {
    // Said in full, for engines elsewhere that take JSON Schemas by their letter.
    const whole = { required: names, additionalProperties: false };
    return { type: 'object', properties: translateAll(properties, at(place, 'properties')), ...whole };
  }
  const others =
    typeof additionalProperties === 'boolean'
      ? additionalProperties
      : translate(additionalProperties, at(place, 'additionalProperties'));
  return { type: 'object', additionalProperties: others, ...(most === undefined ? {} : { maxProperties }) };
}

function translateArray(value: JsonObject, place: Place): GrammarSchema {
  allow(value, ['type', 'items', 'prefixItems', 'minItems', 'maxItems'], place);
  const { items, prefixItems } = value;
  const bounds = readBounds(value, 'minItems', 'maxItems', place);
  if (prefixItems !== undefined && !Array.isArray(prefixItems))
    throw refuse(at(place, 'prefixItems'), 'it is not a list of schemas');
  const first = prefixItems?.map((one: unknown, index) =>
    translate(one, at(at(place, 'prefixItems'), index)),
  );
  if (first !== undefined && bounds.maxItems !== undefined && bounds.maxItems < first.length)
    throw refuse(at(place, 'maxItems'), 'all of prefixItems are always given, and they are more');
  return {
    type: 'array',
    ...(items === undefined ? {} : { items: translate(items, at(place, 'items')) }),
    ...bounds,
    ...(first === undefined
      ? {}
      : { prefixItems: first, minItems: Math.max(first.length, bounds.minItems ?? 0) }),
  };
}

function translateString(value: JsonObject, place: Place): GrammarSchema {
  if (!('format' in value)) {
    allow(value, ['type', 'minLength', 'maxLength'], place);
    return { type: 'string', ...readBounds(value, 'minLength', 'maxLength', place) };
  }
  allow(value, ['type', 'format'], place);
  const { format } = value;
  if (typeof format !== 'string' || !STRING_FORMATS.includes(format))
    throw refuse(at(place, 'format'), `${show(format)} is none of ${STRING_FORMATS.join(', ')}`);
  return { type: 'string', format };
}

function translateScalar(value: JsonObject, place: Place): GrammarSchema {
  allow(value, ['type'], place);
  const { type } = value;
  if (type === undefined) throw refuse(place, 'it names no type');
  const types: readonly unknown[] = Array.isArray(type) ? type : [type];
  const other = types.find((one) => typeof one !== 'string' || !SCALARS.includes(one));
  if (other !== undefined || types.length === 0)
    throw refuse(at(place, 'type'), `${show(other)} cannot stand here`);
  return { type };
}

function translateAll(schemas: JsonObject, place: Place): GrammarSchema {
  return Object.fromEntries(
    Object.entries(schemas).map(([name, schema]) => [name, translate(schema, at(place, name))]),
  );
}

/** Every keyword must be one of these or mean nothing. */
function allow(value: JsonObject, keywords: readonly string[], place: Place): void {
  const other = Object.keys(value).find((name) => !keywords.includes(name) && !ANNOTATIONS.includes(name));
  if (other !== undefined) throw refuse(at(place, other), 'no grammar can express it here');
}

function checkScalar(value: unknown, type: unknown, place: Place): void {
  if (typeof value === 'object' && value !== null)
    throw refuse(place, 'only texts, numbers, true, false and null can be given');
  if (typeof value === 'number' && !Number.isFinite(value)) throw refuse(place, 'the number is too large');
  const own = value === null ? 'null' : typeof value;
  const names = own === 'number' && Number.isInteger(value) ? ['number', 'integer'] : [own];
  const types: readonly unknown[] = Array.isArray(type) ? type : [type];
  if (type !== undefined && !types.some((name) => names.includes(String(name))))
    throw refuse(place, `${show(value)} is not of its type`);
}

function readBounds<Least extends string, Most extends string>(
  value: JsonObject,
  least: Least,
  most: Most,
  place: Place,
): Partial<Record<Least | Most, number>> {
  const [min, max] = [readCount(value, least, place), readCount(value, most, place)];
  if (min !== undefined && max !== undefined && min > max)
    throw refuse(at(place, most), `it is less than ${least}`);
  const bounds = {
    ...(min === undefined ? {} : { [least]: min }),
    ...(max === undefined ? {} : { [most]: max }),
  };
  return bounds as Partial<Record<Least | Most, number>>;
}

function readCount(value: JsonObject, keyword: string, place: Place): number | undefined {
  const count = value[keyword];
  if (count === undefined) return undefined;
  if (typeof count === 'number' && Number.isInteger(count) && count >= 0 && count <= MAX_COUNT) return count;
  throw refuse(at(place, keyword), `${show(count)} is not a whole number from 0 to ${MAX_COUNT}`);
}

/** Where a part of a schema stands, and what it may refer to. */
export interface Place {
  /** JSON pointer. */
  readonly pointer: string;
  readonly depth: number;
  readonly definitions: ReadonlySet<string>;
}

/** The place of a part of what stands at `place`. */
export function at(place: Place, name: string | number): Place {
  const step = String(name).replaceAll('~', '~0').replaceAll('/', '~1');
  return { ...place, pointer: `${place.pointer}/${step}`, depth: place.depth + 1 };
}

/** Says which part of a schema cannot be kept to, and why. */
export function refuse({ pointer }: Place, problem: string): ExpectedError {
  const part = pointer === '' ? 'The schema' : `The schema's part ${quote(pointer, 120)}`;
  return new ExpectedError('usage', `${part} is not supported: ${problem}.`, {
    hint: 'docs/answers.md lists what a schema may contain',
  });
}

/** A value of a schema, for messages. */
export function show(value: unknown): string {
  return value === undefined ? 'nothing' : quote(JSON.stringify(value), 60);
}
