import { readFile } from 'node:fs/promises';
import * as v from 'valibot';
import { ExpectedError } from '../../llava/expected-error.js';
import { quote } from '../../llava/quote.js';
import { fileError } from './file-error.js';
import { readTextLineGroups, type TextLine } from './read-text.js';

/** A checked value of a JSONL file and the line it stands on. */
export interface JsonLine<Value> {
  readonly number: number;
  readonly value: Value;
}

/**
 * A JSON file, checked.
 * @throws ExpectedError('input') when it cannot be read, is no JSON or is not of the schema
 */
export async function readJson<Schema extends v.GenericSchema>(
  path: string,
  schema: Schema,
): Promise<v.InferOutput<Schema>> {
  return checkValue(path, parseFile(path, await readWhole(path)), schema);
}

/**
 * The top-level entries of a JSON object in the file's order; JavaScript would put keys that are numbers first.
 * @throws ExpectedError('input') as `readJson`
 */
export async function readJsonEntries<Schema extends v.GenericSchema>(
  path: string,
  schema: Schema,
): Promise<[key: string, value: v.InferOutput<Schema>][]> {
  const text = await readWhole(path);
  const values = checkValue(path, parseFile(path, text), v.record(v.string(), v.unknown()));
  const keys = Object.keys(values).some((key) => /^\d+$/.test(key))
    ? topLevelKeys(text)
    : Object.keys(values);
  return keys.map((key) => [key, checkValue(`${path} ${key}`, values[key], schema)]);
}

/** The lines of a JSONL file, checked one by one. @throws ExpectedError('input') naming the line */
export async function* readJsonLines<Schema extends v.GenericSchema>(
  path: string,
  schema: Schema,
): AsyncGenerator<JsonLine<v.InferOutput<Schema>>> {
  for await (const lines of readJsonLineGroups(path, schema)) yield* lines;
}

/** The same, many at a time, for files of a hundred thousand lines. */
export async function* readJsonLineGroups<Schema extends v.GenericSchema>(
  path: string,
  schema: Schema,
): AsyncGenerator<readonly JsonLine<v.InferOutput<Schema>>[]> {
  for await (const lines of readTextLineGroups(path))
    yield lines.map((line) => {
      const place = `${path}:${line.number}`;
      return { number: line.number, value: checkValue(place, parseLine(place, line), schema) };
    });
}

/** A value by a schema. @throws ExpectedError('input') naming the place, the field and what it should be */
export function checkValue<Schema extends v.GenericSchema>(
  place: string,
  value: unknown,
  schema: Schema,
): v.InferOutput<Schema> {
  const result = v.safeParse(schema, value, { abortEarly: true });
  if (result.success) return result.output;
  const [issue] = result.issues;
  const field = v.getDotPath(issue);
  const where = field === null ? '' : `: field ${quote(field)}`;
  const found = issue.input === undefined ? 'is missing' : `is ${issue.received}`;
  throw new ExpectedError(
    'input',
    `${quote(place)}${where} ${found}, not ${issue.expected ?? 'as it should be'}.`,
    {
      hint: 'Use the file as it is published: llava eval list says where',
    },
  );
}

async function readWhole(path: string): Promise<string> {
  try {
    return (await readFile(path, 'utf8')).replace(/^\ufeff/, '');
  } catch (error) {
    throw fileError(path, error);
  }
}

function parseFile(path: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw fileError(path, error);
  }
}

function parseLine(place: string, line: TextLine): unknown {
  try {
    return JSON.parse(line.text);
  } catch (error) {
    throw fileError(place, error);
  }
}

/** Keys of the outermost object of valid JSON, each once, in the order of the text. */
function topLevelKeys(text: string): string[] {
  const keys = new Set<string>();
  let depth = 0;
  for (const [token, string] of text.matchAll(/("(?:[^"\\]|\\.)*")(?=\s*:)|"(?:[^"\\]|\\.)*"|[{}[\]]/g)) {
    if (token === '{' || token === '[') depth++;
    else if (token === '}' || token === ']') depth--;
    else if (depth === 1 && string !== undefined) keys.add(JSON.parse(string) as string);
  }
  return [...keys];
}
