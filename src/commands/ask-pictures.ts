import { EXIT_CODES, type ExitCode } from '../exit-codes.js';
import { ExpectedError } from '../llava/expected-error.js';
import { checkMarks } from '../llava/mark.js';
import { pictureLabel, type PictureSource } from '../llava/picture-bytes.js';
import { readYesOrNo } from '../llava/read-answer.js';
import { writeRequest } from '../llava/response-format.js';
import type { AnswerRecord } from '../terminal/answer-record.js';
import {
  jsonWriter,
  lineWriter,
  streamingWriter,
  verdictWriter,
  type AnswerWriter,
} from '../terminal/answer-writer.js';
import { warn } from '../terminal/report-error.js';
import { formatStats } from '../terminal/stats.js';
import { answerPicture } from './answer-picture.js';
import { contextForAsk } from './ask-context.js';
import type { AskRequest } from './ask-request.js';
import type { CommandContext } from './command-context.js';
import { drawAnswer } from './draw-answer.js';
import { checkPair } from '../weights/check/check-pair.js';
import { chooseWeights } from './choose-weights.js';
import { openEngine, startEngine } from './open-weights.js';
import { pictureSources } from './picture-sources.js';

/**
 * Answers the question for each picture, in order. What can be found wrong cheaply is found before the weights load:
 * of several pictures the headers are read; a single one is decoded while the weights load.
 * @throws ExpectedError when a single picture has no answer; of several, each failure is reported and the rest go on.
 */
export async function askPictures(request: AskRequest, context: CommandContext): Promise<ExitCode> {
  const { io, signal } = context;
  const sources = await pictureSources(request.pictures, io);
  const weights = await chooseWeights(request.weights, context, () => checkOnlyPicture(sources, request));
  const several = sources.length > 1;
  const writer = request.json
    ? jsonWriter(io)
    : several
      ? lineWriter(io)
      : request.yesNo
        ? verdictWriter(io)
        : streamingWriter(io);
  await using starting = await startEngine(weights, request.device, context);
  const pair = await checkPair(weights.model, weights.mmproj);
  const readable = several ? await readableOf(sources, writer) : sources;
  if (readable.length === 0) return EXIT_CODES.usage;

  if (request.form.grammar !== undefined) await starting.checkGrammar(request.form.grammar);
  const device = { ...request.device, context: contextForAsk(request, pair) };
  // llama.cpp first: weights are read by other threads, and what decodes pictures is loaded by this one meanwhile.
  await starting.backend();
  const opening = openEngine(starting, weights, pair, device, context);
  // Its failure is reported when it is waited for.
  opening.catch(() => undefined);
  const { PictureQueue } = await import('./picture-queue.js');
  const { exif, marks } = request;
  const queue = new PictureQueue(readable, { imageSize: pair.imageSize, exif, marks });
  await using engine = await opening;
  const answers: string[] = [];
  const yeses: number[] = [];
  for (const { source, loading } of queue.inOrder()) {
    try {
      const record = await answerPicture(engine, await loading, request, weights.name, writer, signal);
      await writer.finish(record);
      if (request.draw !== undefined) await drawAnswer(source, record, request, request.draw);
      answers.push(record.answer);
      yeses.push(record.probabilities?.[0]?.probability ?? 0);
      report(record);
    } catch (error) {
      if (!several || !isOfOnePicture(error)) throw error;
      await writer.fail(pictureLabel(source), error);
    }
  }
  const { atLeast } = request;
  if (atLeast !== undefined && answers.length === sources.length)
    return yeses.some((yes) => yes >= atLeast) ? EXIT_CODES.ok : EXIT_CODES.no;
  if (request.exitStatus) return exitCodeOfAnswers(answers, sources.length);
  return answers.length === sources.length ? EXIT_CODES.ok : EXIT_CODES.someFailed;

  function report(record: AnswerRecord): void {
    if (record.stop !== 'end')
      warn(
        io,
        `The answer about "${record.picture}" was cut (${record.stop}) after ${record.tokens.answer} tokens.`,
      );
    if (request.stats) io.stderr.write(`${formatStats(record, engine.info)}\n`);
  }
}

/** A single picture that cannot be read, or asked about, is an error before anything is downloaded for it. */
async function checkOnlyPicture(
  sources: readonly PictureSource[],
  { question, marks, exif }: AskRequest,
): Promise<void> {
  const [only] = sources;
  if (only === undefined || sources.length > 1) return;
  const { inspectPicture } = await import('../llava/picture.js');
  const picture = await inspectPicture(only, { exif });
  writeRequest(question, picture);
  checkMarks(marks, picture);
}

/** Of several pictures those whose headers can be read; the others are reported. */
async function readableOf(
  sources: readonly PictureSource[],
  writer: AnswerWriter,
): Promise<readonly PictureSource[]> {
  const { readableSources } = await import('./picture-queue.js');
  return await readableSources(sources, (...failure) => writer.fail(...failure));
}

/** A failure that says nothing about the other pictures. */
function isOfOnePicture(error: unknown): error is ExpectedError {
  return error instanceof ExpectedError && (error.kind === 'input' || error.kind === 'engine');
}

/** grep's rule: success when any picture says yes, 1 when all say no. */
function exitCodeOfAnswers(answers: readonly string[], asked: number): ExitCode {
  const readings = answers.map(readYesOrNo);
  if (readings.includes(undefined))
    throw new ExpectedError(
      'usage',
      `The answer "${answers[readings.indexOf(undefined)] ?? ''}" is neither yes nor no.`,
      {
        hint: 'Ask a yes/no question with --format short, or leave out --exit-status',
      },
    );
  if (answers.length < asked) return EXIT_CODES.someFailed;
  return readings.includes('yes') ? EXIT_CODES.ok : EXIT_CODES.no;
}
