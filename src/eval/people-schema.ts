import * as v from 'valibot';

/** One person's answer to a question of VQAv2 or VizWiz; checked by hand, for a file has millions. */
const personSchema = v.custom<{ readonly answer: string }>(
  (value) =>
    typeof value === 'object' && value !== null && 'answer' in value && typeof value.answer === 'string',
  'an object with a text "answer"',
);

/** People's answers to one question, ten of them as published. */
export const peopleSchema = v.array(personSchema);
