import * as v from 'valibot';
import { meanFigure, type EvalResult } from '../eval-result.js';
import type { AnswerFile } from '../files/read-answers.js';
import { groupBy } from '../group-by.js';
import { vqaScorer } from '../metrics/vqa-accuracy.js';
import { matchAnswers } from './match-answers.js';

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

/** A question with what people answered. */
export interface PeopleQuestion {
  readonly id: string;
  /** Such as `yes/no`, `number`, `other`. */
  readonly type: string;
  readonly answers: readonly { readonly answer: string }[];
}

/**
 * VQA accuracy over all questions and by their type: how VQAv2 and VizWiz score.
 * @throws ExpectedError('input') when answers are missing or belong to other questions
 */
export function scorePeople(
  benchmark: string,
  questions: readonly PeopleQuestion[],
  file: AnswerFile,
): EvalResult {
  const { byId, isAsked, notes } = matchAnswers(
    file,
    questions.map(({ id }) => id),
    'refused',
  );
  const score = vqaScorer();
  const scored = questions
    .filter(({ id }) => isAsked(id))
    .map(({ id, type, answers }) => ({
      type,
      score: score(
        byId.get(id)?.text ?? '',
        answers.map(({ answer }) => answer),
      ),
    }));
  const mean = (name: string, some: typeof scored) =>
    meanFigure(
      name,
      some.map(({ score }) => score),
    );
  return {
    benchmark,
    headline: mean('accuracy', scored),
    figures: groupBy(scored, ({ type }) => type)
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(([type, some]) => mean(type, [...some])),
    notes,
  };
}
