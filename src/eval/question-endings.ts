import { letterOf } from '../llava/response-format.js';

/**
 * Endings of the questions, each behind exactly one line break.
 * Source: LLaVA-1.5 paper, Table 8, and the authors' question files, word for word.
 */
export const SHORT_ANSWER = 'Answer the question using a single word or phrase.';
export const LETTER_ANSWER = "Answer with the option's letter from the given choices directly.";
export const LETTER_ANSWER_CN = '请直接回答选项字母。';
export const UNANSWERABLE = "When the provided information is insufficient, respond with 'Unanswerable'.";

/** The question with its ending; the question itself is not touched, not even its white space. */
export function withEnding(question: string, ...endings: readonly string[]): string {
  return [question, ...endings].join('\n');
}

/** The question, then `A. …`, `B. …`, a line each. */
export function withOptions(question: string, options: readonly string[]): string {
  return [question, ...options.map((option, index) => `${letterOf(index)}. ${option}`)].join('\n');
}
