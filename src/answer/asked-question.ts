import type { Sampling } from '../engine/engine.js';
import { formForEngine, type AnswerForm } from '../forms/answer-form.js';
import type { PictureSize } from '../llava/box.js';
import { choosingOf, type Choosing } from '../llava/choosing.js';
import { checkMarks, type Mark } from '../llava/mark.js';
import { writeRequest, type Question } from '../llava/response-format.js';

/** A question with all that decides its answer, for any picture. */
export interface Asking {
  readonly question: Question;
  readonly sampling: Sampling;
  /** What the answer must be made like. */
  readonly form: AnswerForm;
  /** Drawn on the picture before the model sees it. */
  readonly marks: readonly Mark[];
}

/** A question about one picture, as an engine is asked it. */
export interface AskedQuestion {
  /** The user's turn: question and formatting prompt. */
  readonly request: string;
  /** How tokens are chosen, and what the form lets them be. */
  readonly sampling: Sampling;
  /** What the answer is one of; undefined when it is free. */
  readonly choosing: Choosing | undefined;
  readonly form: AnswerForm;
}

/**
 * Puts a question to a picture.
 * @param picture size of the upright picture, in pixels
 * @throws ExpectedError('input') when its region or a mark reaches out of the picture
 */
export function putQuestion(
  { question, sampling, form, marks }: Asking,
  picture: PictureSize,
): AskedQuestion {
  checkMarks(marks, picture);
  return {
    request: writeRequest(question, picture),
    sampling: { ...sampling, ...formForEngine(form) },
    choosing: choosingOf(question),
    form,
  };
}
