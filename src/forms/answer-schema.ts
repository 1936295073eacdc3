import { Validator } from '@cfworker/json-schema';
import { ExpectedError } from '../llava/expected-error.js';
import { quote } from '../llava/quote.js';
import type { JsonObject } from '../llava/json.js';
import { toGrammarSchema, type GrammarSchema } from './grammar-schema.js';

/** A JSON Schema that answers can be kept to. */
export interface AnswerSchema {
  /** As the user gave it, but for its name, which would lead its references elsewhere. */
  readonly given: JsonObject;
  /** What a grammar is made of: everything that fits it fits the given one, but for `oneOf` with overlapping cases. */
  readonly forGrammar: GrammarSchema;
}

/** Draft 2020-12, where `prefixItems` comes from. */
const DRAFT = '2020-12';

/**
 * A JSON Schema, checked to be one that a grammar can express.
 * @throws ExpectedError('usage') with the JSON pointer of the part that cannot be expressed
 */
export function readSchema(value: unknown): AnswerSchema {
  const forGrammar = toGrammarSchema(value);
  const given = Object.entries(value as JsonObject).filter(([name]) => name !== '$id');
  return { given: Object.fromEntries(given), forGrammar };
}

/**
 * What an answer's JSON says, checked against the schema once more.
 * @throws ExpectedError('engine') when it is no JSON, or the schema does not allow it
 */
export function readBySchema(answer: string, { given }: AnswerSchema): unknown {
  const value = parse(answer);
  const { valid, errors } = new Validator(given, DRAFT).validate(value);
  if (valid) return value;
  const last = errors.at(-1);
  const place = last === undefined ? '' : ` at ${quote(last.instanceLocation, 80)}: ${last.error}`;
  throw new ExpectedError('engine', `The answer ${quote(answer)} does not fit the schema${place}`, {
    hint: 'Ask again with another seed, or make the cases of oneOf mutually exclusive',
  });
}

function parse(answer: string): unknown {
  try {
    return JSON.parse(answer) as unknown;
  } catch (error) {
    throw new ExpectedError('engine', `The answer ${quote(answer)} is not complete JSON.`, {
      hint: 'Allow more tokens with --max-tokens, or bound texts and lists with maxLength and maxItems',
      cause: error,
    });
  }
}
