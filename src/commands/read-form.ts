import { readFileSync } from 'node:fs';
import { NO_FORM, type AnswerForm } from '../forms/answer-form.js';
import { readSchema } from '../forms/answer-schema.js';
import { openGrammar } from '../forms/gbnf.js';
import { ExpectedError } from '../llava/expected-error.js';
import { quote } from '../llava/quote.js';
import type { AnswerFlags } from './answer-options.js';

/**
 * What the flags say that the answer must be made like, their files read.
 * @throws ExpectedError('input') for a file that cannot be read; ExpectedError('usage') for what is no schema or grammar
 */
export function readForm({ schema, grammar }: AnswerFlags): AnswerForm {
  if (schema !== undefined) return { schema: readSchema(parseSchema(schema)) };
  if (grammar !== undefined) return { grammar: openGrammar(readText('grammar', grammar)) };
  return NO_FORM;
}

/** A schema is an object, and few files are called by a name that begins with a brace. */
function parseSchema(value: string): unknown {
  const text = value.trimStart().startsWith('{') ? value : readText('schema', value);
  try {
    return JSON.parse(text);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new ExpectedError(
      'usage',
      `The schema ${quote(value, 80)} is no JSON: ${quote(reason).slice(1, -1)}`,
      {
        hint: 'Give a file with a JSON Schema, or the schema itself between quotes',
        cause: error,
      },
    );
  }
}

/** Without its byte order mark. */
function readText(what: string, path: string): string {
  try {
    return readFileSync(path, 'utf8').replace(/^\uFEFF/, '');
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new ExpectedError('input', `The ${what} ${quote(path)} cannot be read: ${reason}`, {
      hint: 'Check the path; it starts at the current folder',
      cause: error,
    });
  }
}
