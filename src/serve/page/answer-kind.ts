import { RESPONSE_FORMATS, type ResponseFormat } from '../../llava/response-format.js';

/** What may be asked for: one of LLaVA's formats, or an answer from a known set. */
export type AnswerKind = ResponseFormat | 'labels' | 'yes-no';

/** How a kind of answer is shown. */
interface KindFacts {
  readonly name: string;
  readonly about: string;
  /** What to type as the question. */
  readonly example: string;
}

/** In the order of the list. */
export const ANSWER_KINDS: Readonly<Record<AnswerKind, KindFacts>> = {
  free: kind('Free', RESPONSE_FORMATS.free),
  short: kind('Short', RESPONSE_FORMATS.short),
  letter: kind('Choices', 'one of your choices, with their probabilities', 'What color is the car?'),
  labels: kind('Labels', 'one of your labels, with their probabilities', 'What color is the car?'),
  'yes-no': kind('Yes or no', 'yes or no, with its probability', 'Is there a car in the picture?'),
  box: kind('Box', 'where something is, drawn on the picture', 'the red car'),
  region: kind('Region', 'what is at left, top, right, bottom, in pixels', '40, 60, 200, 180'),
  caption: kind('Caption', RESPONSE_FORMATS.caption, 'No question needed'),
  detailed: kind('Detailed', RESPONSE_FORMATS.detailed, 'Describe the picture.'),
  unanswerable: kind('Unanswerable', RESPONSE_FORMATS.unanswerable),
};

function kind(name: string, about: string, example = 'What is in the picture?'): KindFacts {
  return { name, about, example };
}

export function isAnswerKind(text: string): text is AnswerKind {
  return Object.hasOwn(ANSWER_KINDS, text);
}
