import { isObject, parseJson } from '../../llava/json.js';
import { quote } from '../../llava/quote.js';
import type { QuestionDefaults } from '../../answer/question-options.js';
import type { BatchRow, FailedRow, RowFields, RowShape } from './batch-row.js';
import { isShallow } from './carry-fields.js';
import { parseLlavaRow } from './llava-row.js';
import { parseOpenaiRow } from './openai-row.js';
import { parseOwnRow } from './own-row.js';
import type { InputLine } from './read-lines.js';
import { RowFailure } from './row-error.js';

const PARSERS = { own: parseOwnRow, llava: parseLlavaRow, openai: parseOpenaiRow } as const;

/**
 * A line of the input as a row; what is wrong with it becomes a row as well.
 * @param tile several pictures in one question are put on one sheet; else they are an error
 */
export function parseRow(line: InputLine, defaults: QuestionDefaults, tile = false): BatchRow | FailedRow {
  const { number, bytes, text } = line;
  const place = { line: number, bytes };
  if (typeof text !== 'string') return { ...place, shape: undefined, fields: {}, error: text };
  let shape: RowShape | undefined;
  let fields: RowFields = {};
  try {
    fields = parseFields(text);
    shape = shapeOf(fields);
    if (!isShallow(fields)) throw new RowFailure('bad_row', 'The row is nested more than 100 deep.');
    checkId(fields);
    return { ...place, ...PARSERS[shape](fields, defaults, tile) };
  } catch (error) {
    if (!(error instanceof RowFailure)) throw error;
    return { ...place, shape, fields: fieldsToShow(fields, shape, text), error: error.error };
  }
}

/** OpenAI's rows have `custom_id` and `body`, the authors' `question_id` and `text`; all others are the tool's own. */
function shapeOf(fields: RowFields): RowShape {
  if (Object.hasOwn(fields, 'custom_id') || Object.hasOwn(fields, 'body')) return 'openai';
  if (Object.hasOwn(fields, 'question_id') && !Object.hasOwn(fields, 'question')) return 'llava';
  return 'own';
}

function parseFields(text: string): RowFields {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new RowFailure('bad_json', `The line is not JSON: ${quote(reason, 120).slice(1, -1)}`, error);
  }
  if (isObject(value)) return value;
  throw new RowFailure('bad_json', `The line is not a JSON object but ${quote(text, 40)}.`);
}

/** A number that JavaScript cannot hold would come out as another one. */
function checkId(fields: RowFields): void {
  for (const name of ['id', 'question_id']) {
    const id = fields[name];
    if (typeof id !== 'number' || !Number.isInteger(id) || Number.isSafeInteger(id)) continue;
    throw new RowFailure('bad_row', `Field "${name}" is too large a number to keep: put it in quotes.`);
  }
}

/** What the error row takes over. */
function fieldsToShow(fields: RowFields, shape: RowShape | undefined, text: string): RowFields {
  if (shape === undefined) return rawId(text);
  if (shape === 'openai') return { custom_id: fields['custom_id'] };
  return isShallow(fields) ? { ...fields, ...rawIdOf(fields, text) } : rawId(text);
}

/** The id as it was written, where that is more exact than the number it became. */
function rawIdOf(fields: RowFields, text: string): RowFields {
  return Object.fromEntries(
    Object.entries(rawId(text)).filter(
      ([name, value]) => typeof value === 'string' && typeof fields[name] === 'number',
    ),
  );
}

/** The part of a line that is searched: ids stand in front. */
const LOOK_AT = 4096;
const ID = /"(id|question_id|custom_id)"\s*:\s*("(?:[^"\\]|\\.)*"|-?\d+)/;

/** The id of a line that cannot be parsed, by the name it has there, or nothing. A number keeps all its digits. */
function rawId(line: string): RowFields {
  const [, name, value] = ID.exec(line.slice(0, LOOK_AT)) ?? [];
  if (name === undefined || value === undefined) return {};
  return { [name]: readValue(value) };
}

function readValue(json: string): unknown {
  if (!json.startsWith('"')) return Number.isSafeInteger(Number(json)) ? Number(json) : json;
  return parseJson(json) ?? json;
}
