import { askChoosing } from '../engine/ask-choosing.js';
import type { AnswerEvent, Engine } from '../engine/engine.js';
import { checkForm, hasForm } from '../forms/answer-form.js';
import { choosingOf } from '../llava/choosing.js';
import { ExpectedError } from '../llava/expected-error.js';
import { readAnswer } from '../llava/read-answer.js';
import { writeRequest } from '../llava/response-format.js';
import type { AnswerRecord } from '../terminal/answer-record.js';
import type { AnswerWriter } from '../terminal/answer-writer.js';
import type { AskRequest } from './ask-request.js';
import type { LoadedPicture } from './picture-queue.js';

/** One picture's way to its answer: encode, look, ask; the text goes to the writer as it comes. */
export async function answerPicture(
  engine: Engine,
  { pixels, ms: pictureMs }: LoadedPicture,
  { question, sampling, form }: Pick<AskRequest, 'question' | 'sampling' | 'form'>,
  model: string,
  writer: Pick<AnswerWriter, 'text'>,
  signal: AbortSignal,
): Promise<AnswerRecord> {
  const { picture } = pixels;
  const [features, encodeMs] = await timed(() => engine.encode(pixels, signal));
  const asked = writeRequest(question, picture);
  const events = askChoosing(engine.look(features), asked, sampling, choosingOf(question), signal);
  const isToldLater = question.probabilities !== undefined || hasForm(form);
  const { answer, done } = await collect(events, isToldLater ? SILENT : writer);
  const checked = checkForm(answer, done.reason, form);
  if (hasForm(form)) await writer.text(answer);
  return {
    picture: picture.label,
    question: question.text,
    format: question.format,
    answer,
    ...readAnswer(answer, question, picture),
    ...checked,
    ...(done.choices === undefined ? {} : { probabilities: done.choices }),
    ...(done.tokens === undefined ? {} : { logprobs: done.tokens }),
    stop: done.reason,
    model,
    device: engine.info.device,
    width: picture.width,
    height: picture.height,
    tokens: { prompt: done.usage.promptTokens, image: features.tokens, answer: done.usage.answerTokens },
    ms: {
      picture: round(pictureMs),
      encode: round(encodeMs),
      look: round(done.usage.lookMs),
      question: round(done.usage.questionMs),
      answer: round(done.usage.answerMs),
    },
  };
}

/** What is told with its probability, or checked first, is not told before. */
const SILENT: Pick<AnswerWriter, 'text'> = { text: () => Promise.resolve() };

async function collect(
  events: AsyncIterable<AnswerEvent>,
  writer: Pick<AnswerWriter, 'text'>,
): Promise<{ answer: string; done: Extract<AnswerEvent, { type: 'done' }> }> {
  let answer = '';
  for await (const event of events) {
    if (event.type === 'done') return { answer, done: event };
    answer += event.text;
    await writer.text(event.text);
  }
  throw new ExpectedError('engine', 'The engine stopped before its answer ended.');
}

async function timed<Result>(work: () => Promise<Result>): Promise<[Result, number]> {
  const start = performance.now();
  const result = await work();
  return [result, performance.now() - start];
}

function round(ms: number): number {
  return Math.round(ms * 10) / 10;
}
