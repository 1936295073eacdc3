import type { EventEmitter } from 'node:events';
import { answerQuestion } from '../answer/answer-question.js';
import { recordAnswer, type AnswerRecord } from '../answer/answer-record.js';
import { putQuestion, type Asking } from '../answer/asked-question.js';
import { resultUntilAborted } from '../flow/until-aborted.js';
import { decodePicture, type DecodedPicture } from '../llava/decode-picture.js';
import { drawBoxes } from '../llava/draw-boxes.js';
import type { PictureSource } from '../llava/picture-bytes.js';
import { openPicture } from '../llava/picture.js';
import { toPixels } from '../llava/pixels.js';
import { makeThumbnail } from '../llava/thumbnail.js';
import type { LentEngine, WarmEngine } from '../serve/warm-engine.js';
import type { CallProgress } from './call-progress.js';

/** What calls are answered with. */
export interface AnswerMeans {
  readonly engine: WarmEngine;
  /** Says `step`, with a sentence, while the weights load. */
  readonly loading: EventEmitter<{ step: [string] }>;
  /** The model's name. */
  readonly model: string;
}

/** An answer about a picture. */
export interface CallAnswer {
  readonly record: AnswerRecord;
  readonly picture: DecodedPicture;
}

/**
 * One call's way to its answer, the same as any command's. The picture is decoded before the weights load.
 * @throws ExpectedError as `llava ask` does; the signal's reason on abort
 */
export async function answerCall(
  source: PictureSource,
  asking: Asking,
  { engine, loading, model }: AnswerMeans,
  progress: CallProgress,
  signal: AbortSignal,
): Promise<CallAnswer> {
  const picture = await decodePicture(await openPicture(source));
  using lent = await lend(engine, loading, progress, signal);
  const { imageSize, device } = lent.engine.info;
  const asked = putQuestion(asking, picture.info);
  progress.say('looking at the picture');
  // Without the signal, since others may wait for the same picture.
  const shown = await resultUntilAborted(lent.engine.show(toPixels(picture, imageSize)), signal);
  let pieces = 0;
  for await (const event of answerQuestion(shown, asked, { signal })) {
    if (event.type === 'text') tellPieces(progress, ++pieces);
    else
      return {
        record: recordAnswer(asking.question, event.answer, { model, device }, picture.info),
        picture,
      };
  }
  throw new Error('answerQuestion() ended without an answer.');
}

/** The engine; a call that is cancelled while the weights load gives it back when it comes. */
async function lend(
  engine: WarmEngine,
  loading: AnswerMeans['loading'],
  progress: CallProgress,
  signal: AbortSignal,
): Promise<LentEngine> {
  const tell = (step: string) => {
    progress.saySometimes(step);
  };
  loading.on('step', tell);
  const lending = engine.lend();
  try {
    return await resultUntilAborted(lending, signal);
  } catch (error) {
    lending.then(
      (lent) => {
        lent[Symbol.dispose]();
      },
      () => undefined,
    );
    throw error;
  } finally {
    loading.off('step', tell);
  }
}

function tellPieces(progress: CallProgress, pieces: number): void {
  if (pieces === 1) progress.say('answering');
  else progress.saySometimes(`answering (${pieces} tokens)`);
}

/** Longest side of a drawn picture, in pixels: agents pay for each. */
const DRAWN_SIDE = 1024;

/** The picture with the box of its answer, as the bytes of a PNG; undefined without a box. */
export async function drawCall({ record: { box }, picture }: CallAnswer): Promise<Uint8Array | undefined> {
  if (box === undefined) return undefined;
  const isLarge = Math.max(picture.width, picture.height) > DRAWN_SIDE;
  const shown = isLarge ? { ...picture, ...(await makeThumbnail(picture, DRAWN_SIDE, DRAWN_SIDE)) } : picture;
  return await drawBoxes(shown, [{ box, role: 'answer' }]);
}
