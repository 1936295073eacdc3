import { answerQuestion, type Answer } from '../answer/answer-question.js';
import { recordAnswer, type AnswerRecord } from '../answer/answer-record.js';
import { putQuestion } from '../answer/asked-question.js';
import type { PictureFetcher } from '../batch/pictures/fetch-picture.js';
import { ContextFull, type Engine } from '../engine/engine.js';
import type { ChatRequest } from './chat-request.js';
import type { RecentPixels } from './recent-pixels.js';
import { readRequestPicture } from './request-picture.js';
import { asProblem, RequestProblem } from './request-problem.js';

/** Pieces of the answer as they come, then all of it. */
export type ServedEvent =
  | { readonly type: 'text'; readonly text: string }
  | { readonly type: 'answer'; readonly answer: Answer; readonly record: AnswerRecord };

export interface AnswerMeans {
  readonly engine: Engine;
  /** The model's name. */
  readonly model: string;
  readonly recentPixels: RecentPixels;
  readonly fetcher: PictureFetcher | undefined;
  /** Aborted when the client has gone, or the server ends. */
  readonly signal: AbortSignal;
}

/**
 * One request's way to its answer, the same as any command's.
 * @throws RequestProblem 400 for what the request got wrong, such as a question too long for the context
 */
export async function* answerRequest(
  { image, systemText, turns, asking, imageTokens }: ChatRequest,
  { engine, model, recentPixels, fetcher, signal }: AnswerMeans,
): AsyncGenerator<ServedEvent, undefined> {
  const { imageSize, device } = engine.info;
  const { pixels, sha256 } = await readRequestPicture(
    image,
    { imageSize, marks: asking.marks },
    recentPixels,
    fetcher,
    signal,
  );
  const asked = asProblem('llava', () => putQuestion(asking, pixels.picture));
  try {
    // Without the signal, since others may wait for the same picture.
    const shown = await engine.show(pixels, { systemText, imageTokens });
    signal.throwIfAborted();
    for await (const event of answerQuestion(shown, asked, { signal, turns })) {
      if (event.type === 'text') yield event;
      else {
        const picture = { ...pixels.picture, sha256 };
        yield { ...event, record: recordAnswer(asking.question, event.answer, { model, device }, picture) };
      }
    }
  } catch (error) {
    if (!(error instanceof ContextFull)) throw error;
    throw new RequestProblem(400, error.message, { param: 'messages', code: 'context_length_exceeded' });
  }
}
