import * as v from 'valibot';

/**
 * People's answers to one question, ten of them as published. Files have millions, so a list is checked by hand as one.
 * VQAv2 and VizWiz wrap each answer in an object, TextVQA does not.
 */
export const peopleSchema = v.custom<readonly { readonly answer: string }[]>(
  (value) => Array.isArray(value) && value.every(isPerson),
  'a list of objects with a text "answer"',
);

export const tenAnswersSchema = v.custom<readonly string[]>(
  (value) => Array.isArray(value) && value.length === 10 && value.every((one) => typeof one === 'string'),
  'a list of ten texts',
);

function isPerson(value: unknown): boolean {
  return typeof value === 'object' && value !== null && 'answer' in value && typeof value.answer === 'string';
}
