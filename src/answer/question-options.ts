import type { Sampling } from '../engine/engine.js';
import { hasForm, NO_FORM, type AnswerForm } from '../forms/answer-form.js';
import { checkChoosing, type Normalisation } from '../llava/choosing.js';
import { ExpectedError } from '../llava/expected-error.js';
import type { Mark } from '../llava/mark.js';
import type { Region } from '../llava/region.js';
import { checkQuestion, type Question, type ResponseFormat } from '../llava/response-format.js';
import type { Asking } from './asked-question.js';

/**
 * All that can be said of a question beside its text. Flags (read-question-flags.ts), rows' fields
 * (question-fields.ts) and the chat's commands (question-commands.ts) become this, and this becomes a question
 * in {@link settleQuestion}, whichever way it came.
 */
export interface QuestionOptions {
  readonly format?: ResponseFormat | undefined;
  /** Options of a letter question. */
  readonly choices?: readonly string[] | undefined;
  /** The answer is one of these. */
  readonly labels?: readonly string[] | undefined;
  /** Letters by the paper's own procedure. */
  readonly unconstrained?: boolean | undefined;
  /** How choices and labels are compared, when it is to be told how likely they are. */
  readonly probabilities?: Normalisation | undefined;
  /** Words read in the picture, as a hint. */
  readonly ocrTokens?: readonly string[] | undefined;
  readonly region?: Region | undefined;
  readonly marks?: readonly Mark[] | undefined;
  readonly form?: AnswerForm | undefined;
  /** Whether it is told how likely each token was. */
  readonly logprobs?: boolean | undefined;
}

/** What is said of all questions that do not say otherwise. */
export interface QuestionDefaults extends QuestionOptions {
  readonly sampling: Sampling;
}

/**
 * A question, checked and complete: its own options where it has them, the defaults elsewhere.
 * @throws ExpectedError('usage') when they contradict each other, or the text is missing
 */
export function settleQuestion(
  text: string,
  own: QuestionOptions,
  { sampling, ...defaults }: QuestionDefaults,
  isVerbatim = false,
): Asking {
  const region = own.region ?? defaults.region;
  // A question with a kind of answer of its own is not held to the defaults' labels.
  const isOfItsOwn = (own.choices ?? own.format) !== undefined;
  const labels = own.labels ?? (isOfItsOwn ? undefined : defaults.labels);
  const format = own.format ?? usualFormat(text, { ...own, labels, region }, defaults);
  const choices = own.choices ?? (format === 'letter' ? defaults.choices : undefined);
  const isChosen = (labels ?? choices) !== undefined;
  const question = {
    text,
    format,
    choices,
    labels,
    unconstrained: own.unconstrained ?? defaults.unconstrained,
    probabilities: own.probabilities ?? (isChosen ? defaults.probabilities : undefined),
    ocrTokens: own.ocrTokens ?? defaults.ocrTokens,
    region,
    isVerbatim: isVerbatim ? true : undefined,
  };
  const said = Object.fromEntries(Object.entries(question).filter(([, value]) => value !== undefined));
  const settled = said as unknown as Question;
  checkQuestion(settled);
  checkChoosing(settled);
  return {
    question: settled,
    sampling: (own.logprobs ?? defaults.logprobs) === true ? { ...sampling, logprobs: true } : sampling,
    form: formOf(own.form ?? NO_FORM, defaults.form ?? NO_FORM, isChosen),
    marks: own.marks ?? defaults.marks ?? [],
  };
}

/** Labels are short answers, choices ask for a letter, and a region without a question for its description. */
function usualFormat(
  text: string,
  { labels, choices, region }: QuestionOptions,
  defaults: QuestionOptions,
): ResponseFormat {
  if (labels !== undefined) return 'short';
  if (choices !== undefined) return 'letter';
  if (region !== undefined && text.trim() === '') return 'region';
  return defaults.format ?? (defaults.choices === undefined ? 'free' : 'letter');
}

/** Where the answer is one of several, only its own form could contradict; the defaults' is for other questions. */
function formOf(own: AnswerForm, defaults: AnswerForm, isChosen: boolean): AnswerForm {
  if ((own.schema !== undefined && own.grammar !== undefined) || (isChosen && hasForm(own)))
    throw new ExpectedError('usage', 'Choices, labels, a schema and a grammar exclude each other.', {
      hint: 'Give only one of them',
    });
  return hasForm(own) || isChosen ? own : defaults;
}

/** Defaults for rows of others' making, which labels and probabilities are not meant for. */
export function withoutLabels(defaults: QuestionDefaults): QuestionDefaults {
  return { ...defaults, labels: undefined, unconstrained: undefined, probabilities: undefined };
}
