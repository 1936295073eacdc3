import { answerQuestion, type Answer } from '../../answer/answer-question.js';
import { recordAnswer } from '../../answer/answer-record.js';
import { putQuestion, type Asking } from '../../answer/asked-question.js';
import type { Engine } from '../../engine/engine.js';
import type { AnswerWriter, PictureRecord } from '../../terminal/answer-writer.js';
import type { LoadedPicture } from './picture-queue.js';

/** One picture's way to its answer; the text goes to the writer as it comes. */
export async function answerPicture(
  engine: Engine,
  { pixels, ms: pictureMs }: LoadedPicture,
  asking: Asking,
  model: string,
  writer: Pick<AnswerWriter, 'text'>,
  signal: AbortSignal,
): Promise<PictureRecord> {
  const { picture } = pixels;
  const start = performance.now();
  const shown = await engine.show(pixels, { signal });
  const encodeMs = performance.now() - start;
  let answer: Answer | undefined;
  for await (const event of answerQuestion(shown, putQuestion(asking, picture), { signal }))
    if (event.type === 'text') await writer.text(event.text);
    else answer = event.answer;
  if (answer === undefined) throw new Error('answerQuestion() ended without an answer.');
  const { lookMs, questionMs, answerMs } = answer.usage;
  return {
    picture: picture.label,
    ...recordAnswer(asking.question, answer, { model, device: engine.info.device }, picture),
    ms: {
      picture: round(pictureMs),
      encode: round(encodeMs),
      look: round(lookMs),
      question: round(questionMs),
      answer: round(answerMs),
    },
  };
}

function round(ms: number): number {
  return Math.round(ms * 10) / 10;
}
