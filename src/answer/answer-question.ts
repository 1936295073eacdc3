import type {
  AnswerEvent,
  AnswerToken,
  AnswerUsage,
  ScoredChoice,
  ShownPicture,
  StopReason,
} from '../engine/engine.js';
import { checkForm, hasForm } from '../forms/answer-form.js';
import type { Turn } from '../llava/conversation.js';
import { ExpectedError } from '../llava/expected-error.js';
import { askChoosing } from './ask-choosing.js';
import type { AskedQuestion } from './asked-question.js';

/** A whole answer, checked against its form. */
export interface Answer {
  readonly text: string;
  readonly stop: StopReason;
  /** What it says, under a schema. */
  readonly value?: unknown;
  /** All choices in their order, when their probabilities were asked for. */
  readonly choices?: readonly ScoredChoice[];
  /** When their log-probabilities were asked for. */
  readonly tokens?: readonly AnswerToken[];
  readonly usage: AnswerUsage;
  /** Positions of the prompt, of them the picture's, and tokens of the answer. */
  readonly counts: { readonly prompt: number; readonly image: number; readonly answer: number };
}

export type AnswerProgress =
  { readonly type: 'text'; readonly text: string } | { readonly type: 'answer'; readonly answer: Answer };

/** What a question may stand on. */
export interface AnswerOptions {
  readonly signal?: AbortSignal | undefined;
  /** The conversation so far. */
  readonly turns?: readonly Turn[] | undefined;
}

/**
 * The one way from a question to its answer: pieces of text as they come, then the whole answer. An answer that must have
 * a form comes in one piece, when it was found to have it; one that is told with its probability, only as a whole.
 * @throws as {@link ShownPicture.ask}; ExpectedError('engine') when the answer was cut before it had its form
 */
export async function* answerQuestion(
  shown: ShownPicture,
  { request, sampling, choosing, form }: AskedQuestion,
  { signal, turns }: AnswerOptions = {},
): AsyncGenerator<AnswerProgress, undefined> {
  const isToldLater = choosing?.probabilities !== undefined || hasForm(form);
  let text = '';
  for await (const event of askChoosing(shown, request, sampling, choosing, signal, turns)) {
    if (event.type === 'done') {
      const answer = wholeAnswer(text, event, form, shown);
      if (hasForm(form)) yield { type: 'text', text };
      yield { type: 'answer', answer };
      return;
    }
    text += event.text;
    if (!isToldLater) yield event;
  }
  throw new ExpectedError('engine', 'The engine stopped before its answer ended.');
}

/**
 * The whole answer, for those who show nothing of it before.
 * @throws as {@link answerQuestion}
 */
export async function wholeAnswerTo(
  shown: ShownPicture,
  asked: AskedQuestion,
  options: AnswerOptions = {},
): Promise<Answer> {
  for await (const event of answerQuestion(shown, asked, options))
    if (event.type === 'answer') return event.answer;
  throw new ExpectedError('engine', 'The engine stopped before its answer ended.');
}

function wholeAnswer(
  text: string,
  { reason, usage, choices, tokens }: Extract<AnswerEvent, { type: 'done' }>,
  form: AskedQuestion['form'],
  { imageTokens }: ShownPicture,
): Answer {
  return {
    text,
    stop: reason,
    ...checkForm(text, reason, form),
    ...(choices === undefined ? {} : { choices }),
    ...(tokens === undefined ? {} : { tokens }),
    usage,
    counts: { prompt: usage.promptTokens, image: imageTokens, answer: usage.answerTokens },
  };
}
