import { ExpectedError } from '../../llava/expected-error.js';
import { quote } from '../../llava/quote.js';
import type { Answer, AnswerFile } from '../files/read-answers.js';

/** Answers by their question, and what was said about those that do not fit. */
export interface MatchedAnswers {
  readonly byId: ReadonlyMap<string, Answer>;
  /** Whether a question counts: all do, but for those that a sample does not have. */
  readonly isAsked: (id: string) => boolean;
  readonly notes: readonly string[];
}

/** What becomes of a question without an answer. */
export type MissingRule = 'wrong' | 'refused' | 'left out' | 'empty';

/**
 * Finds the answer of each question. As in the authors' scripts, the last answer to a question counts; questions
 * without an answer are dealt with by the benchmark's rule.
 * @param ids of all questions, as text
 * @throws ExpectedError('input') when no answer belongs to these questions, or one is missing and that is refused
 */
export function matchAnswers(file: AnswerFile, ids: readonly string[], missing: MissingRule): MatchedAnswers {
  const known = new Set(ids);
  const byId = new Map<string, Answer>();
  let strangers = 0;
  let repeated = 0;
  for (const answer of file.answers) {
    const id = String(answer.questionId);
    if (!known.has(id)) strangers++;
    else {
      if (byId.has(id)) repeated++;
      byId.set(id, answer);
    }
  }
  if (byId.size === 0) throw noneBelongs(file, ids);
  const without = ids.filter((id) => !byId.has(id));
  if (without.length > 0 && missing === 'refused' && !file.sample) throw answersMissing(file, without);
  return {
    byId,
    isAsked: (id) => !file.sample || byId.has(id),
    notes: [
      ...failedNote(file),
      ...note(
        repeated,
        'answer',
        'to a question answered before: the last answer counts, as in the authors’ script',
      ),
      ...note(strangers, 'answer', 'to no question of this data, left out'),
      ...(file.sample ? [] : note(without.length, 'question', MISSING_NOTES[missing])),
    ],
  };
}

/**
 * Where an id is only a place in a file, answers to another file would fit: those that carry their question must have
 * been asked this one.
 * @param questions by id, without formatting prompts; small and large letters are alike
 * @throws ExpectedError('input') for the first that was not
 */
export function refuseOtherQuestions(file: AnswerFile, questions: ReadonlyMap<string, string>): void {
  for (const { questionId, prompt } of file.answers) {
    const question = questions.get(String(questionId));
    const asked = prompt.replace(/^<image>\n/, '');
    if (question === undefined || prompt === '') continue;
    if (asked.trim().toLowerCase().startsWith(question.trim().toLowerCase())) continue;
    throw new ExpectedError(
      'input',
      `Question ${String(questionId)} was ${quote(asked.split('\n', 1)[0] ?? '')} when it was answered and is ${quote(question)} in this data.`,
      { hint: 'Give answers to the same benchmark and split as --data' },
    );
  }
}

const MISSING_NOTES: Record<MissingRule, string> = {
  wrong: 'without an answer, counted as wrong, as in the authors’ script',
  refused: 'without an answer',
  'left out': 'without an answer, left out of the figure',
  empty: 'without an answer, given an empty one, as in the authors’ script',
};

/** Says that lines of the answer file hold no answer. */
export function failedNote(file: AnswerFile): readonly string[] {
  return note(file.failed, 'line', 'of the answer file with an error instead of an answer');
}

/** `2 answers …`, or nothing for none. The text must fit one and several. */
export function note(count: number, what: string, text: string): readonly string[] {
  return count === 0 ? [] : [`${count} ${count === 1 ? what : `${what}s`} ${text}.`];
}

function noneBelongs(file: AnswerFile, ids: readonly string[]): ExpectedError {
  const found = String(file.answers[0]?.questionId);
  const wanted = ids[0] ?? '';
  return new ExpectedError(
    'input',
    `No answer of ${quote(file.path)} belongs to this benchmark: it has question ${quote(found)} where the data has ${quote(wanted)}.`,
    { hint: 'Give answers to the same benchmark and split as --data' },
  );
}

function answersMissing(file: AnswerFile, without: readonly string[]): ExpectedError {
  const first = quote(without[0] ?? '');
  return new ExpectedError(
    'input',
    `${quote(file.path)} lacks ${without.length} answers; the first is question ${first}.`,
    { hint: 'Answer all questions first (llava eval run … --resume), or score a part of them with --sample' },
  );
}
