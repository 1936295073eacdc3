import type { PictureSize } from '../../llava/box.js';
import { writeRequest, type ResponseFormat } from '../../llava/response-format.js';
import type { AnswerKind } from './answer-kind.js';

/** How the answer is drawn, by the names that requests have for it; what is left out is the server's to say. */
export interface PageSampling {
  readonly temperature?: number;
  readonly top_p?: number;
  readonly seed?: number;
  readonly max_tokens?: number;
}

/** A question as the form has it. */
export interface PageQuestion {
  /** Without white space at its ends. */
  readonly text: string;
  readonly kind: AnswerKind;
  /** What the answer is one of: choices or labels, as the kind says; empty for all other kinds. */
  readonly items: readonly string[];
  readonly sampling: PageSampling;
}

/** A question and its answer, as the next question stands on them. */
export interface PageTurn {
  readonly question: PageQuestion;
  readonly answer: string;
}

/** The format that the model is asked in. */
export function formatOf(kind: AnswerKind): ResponseFormat {
  return kind === 'labels' || kind === 'yes-no' ? 'short' : kind;
}

/** What a field of items holds: choices one a line, labels between commas. */
export function splitItems(kind: AnswerKind, text: string): readonly string[] {
  if (kind !== 'letter' && kind !== 'labels') return [];
  return text
    .split(kind === 'letter' ? '\n' : ',')
    .map((item) => item.trim())
    .filter((item) => item !== '');
}

/**
 * The body of a request for the next answer. Earlier turns are sent as the model was asked them, formatting prompts
 * included, which is how a chat goes on.
 * @param picture a data URL
 * @param size of the upright picture, in pixels
 */
export function writeBody(
  picture: string,
  size: PictureSize,
  turns: readonly PageTurn[],
  question: PageQuestion,
): Readonly<Record<string, unknown>> {
  const said = turns.flatMap((turn) => [
    { role: 'user', content: requestOf(turn.question, size) },
    { role: 'assistant', content: turn.answer },
  ]);
  const [first, ...others] = [...said, { role: 'user', content: question.text }];
  const content = [
    { type: 'image_url', image_url: { url: picture } },
    { type: 'text', text: first.content },
  ];
  const llava = fieldsOf(question);
  return {
    messages: [{ role: 'user', content }, ...others],
    ...question.sampling,
    ...(llava === undefined ? {} : { llava }),
  };
}

/** What the request says beyond OpenAI's API; nothing for a free question, which is asked word for word. */
function fieldsOf({ kind, items }: PageQuestion): object | undefined {
  switch (kind) {
    case 'free':
      return undefined;
    case 'letter':
      return { choices: items, probabilities: true };
    case 'labels':
      return { labels: items, probabilities: true };
    case 'yes-no':
      return { yes_no: true };
    case 'short':
    case 'box':
    case 'region':
    case 'caption':
    case 'detailed':
    case 'unanswerable':
      return { format: kind };
  }
}

function requestOf({ text, kind, items }: PageQuestion, size: PictureSize): string {
  return writeRequest({ text, format: formatOf(kind), choices: items }, size);
}
