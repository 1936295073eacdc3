import { ExpectedError } from '../llava/expected-error.js';
import { quote } from '../llava/quote.js';
import { readBySchema, type AnswerSchema } from './answer-schema.js';

/** What an answer must be made like: one of the two, or neither. */
export interface AnswerForm {
  readonly schema?: AnswerSchema | undefined;
  /** GBNF whose root allows a space in front. */
  readonly grammar?: string | undefined;
}

/** The answer may be made like anything. */
export const NO_FORM: AnswerForm = Object.freeze({});

/** Whether a form says anything. */
export function hasForm({ schema, grammar }: AnswerForm): boolean {
  return schema !== undefined || grammar !== undefined;
}

/** The form as the engine keeps to it. */
export function formForEngine({ schema, grammar }: AnswerForm): {
  readonly grammar?: string;
  readonly schema?: object;
} {
  return {
    ...(schema === undefined ? {} : { schema: schema.forGrammar }),
    ...(grammar === undefined ? {} : { grammar }),
  };
}

/**
 * Checks a whole answer against its form once more.
 * @param stop why the answer ended
 * @returns what it says, under a schema
 * @throws ExpectedError('engine') when it was cut, or is not what the schema asks for
 */
export function checkForm(answer: string, stop: string, form: AnswerForm): { readonly value?: unknown } {
  if (!hasForm(form)) return {};
  if (stop !== 'end')
    throw new ExpectedError('engine', `The answer was cut off (${stop}): ${quote(answer)}.`, {
      hint: 'Allow more tokens with --max-tokens, or bound texts and lists with maxLength and maxItems',
    });
  return form.schema === undefined ? {} : { value: readBySchema(answer, form.schema) };
}
