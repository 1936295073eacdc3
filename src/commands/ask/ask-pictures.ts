import { putQuestion } from '../../answer/asked-question.js';
import { EXIT_CODES, type ExitCode } from '../../exit-codes.js';
import { ExpectedError } from '../../llava/expected-error.js';
import { pictureLabel, type PictureSource } from '../../llava/picture-bytes.js';
import { readYesOrNo } from '../../llava/read-answer.js';
import { findEngine } from '../../remote/find-engine.js';
import {
  jsonWriter,
  lineWriter,
  streamingWriter,
  verdictWriter,
  type PictureRecord,
} from '../../terminal/answer-writer.js';
import { warn } from '../../terminal/report-error.js';
import { formatStats } from '../../terminal/stats.js';
import type { CommandContext } from '../command-context.js';
import { openingHost } from '../options/opening-host.js';
import { pictureSources } from '../options/picture-sources.js';
import { arrangePictures } from '../options/arrange-pictures.js';
import { answerPicture } from './answer-picture.js';
import { PictureQueue, readableSources } from './picture-queue.js';
import { checkOneDrawn, type AskRequest } from './ask-request.js';
import { contextForAsk } from './context-for-ask.js';

/**
 * Answers the question for each picture, in order. What can be found wrong cheaply is found before the weights load:
 * of several pictures the headers are read; a single one is decoded while the weights load.
 * @throws ExpectedError when a single picture has no answer; of several, each failure is reported and the rest go on.
 */
export async function askPictures(request: AskRequest, context: CommandContext): Promise<ExitCode> {
  const { io, signal } = context;
  const named = await pictureSources(request.pictures, request.naming, context);
  const { sources, failures } = await arrangePictures(named, request);
  const asked = sources.length + failures.length;
  const several = asked > 1;
  if (request.draw !== undefined) checkOneDrawn(asked);
  const host = openingHost(context);
  const found = await findEngine(request.engine, host, () =>
    several ? Promise.resolve() : checkOnlyPicture(sources, request),
  );
  const writer = request.json
    ? jsonWriter(io)
    : several
      ? lineWriter(io)
      : request.yesNo
        ? verdictWriter(io)
        : streamingWriter(io);
  for (const failure of failures) await writer.fail(...failure);
  await using opening = await found.open(host);
  const readable = several
    ? await readableSources(sources, (...failure) => writer.fail(...failure))
    : sources;
  if (readable.length === 0) return EXIT_CODES.usage;

  const { asking } = request;
  if (asking.form.grammar !== undefined) await opening.checkGrammar(asking.form.grammar);
  // llama.cpp first: weights are read by other threads, and what decodes pictures is loaded by this one meanwhile.
  await opening.ready();
  const opened = opening.open({ context: (pair) => contextForAsk(request, found, pair) });
  // Its failure is reported when it is waited for.
  opened.catch(() => undefined);
  const wishes = { ...request.wishes, marks: asking.marks };
  const queue = new PictureQueue(readable, (source) => opening.loadPixels(source, wishes));
  await using engine = await opened;
  const answers: string[] = [];
  const yeses: number[] = [];
  for (const { source, loading } of queue.inOrder()) {
    try {
      const record = await answerPicture(engine, await loading, asking, found.name, writer, signal);
      await writer.finish(record);
      if (request.draw !== undefined) {
        const { drawAnswer } = await import('./draw-answer.js');
        await drawAnswer(source, record, request, request.draw);
      }
      answers.push(record.answer);
      yeses.push(record.probabilities?.[0]?.probability ?? 0);
      report(record);
    } catch (error) {
      if (!several || !isOfOnePicture(error)) throw error;
      await writer.fail(pictureLabel(source), error);
    }
  }
  const { atLeast } = request;
  if (atLeast !== undefined && answers.length === asked)
    return yeses.some((yes) => yes >= atLeast) ? EXIT_CODES.ok : EXIT_CODES.no;
  if (request.exitStatus) return exitCodeOfAnswers(answers, asked);
  return answers.length === asked ? EXIT_CODES.ok : EXIT_CODES.someFailed;

  function report(record: PictureRecord): void {
    if (record.repaired === true)
      warn(io, `Picture "${record.picture}" is damaged: the answer is about what could be decoded of it.`);
    if (record.stop !== 'end')
      warn(
        io,
        `The answer about "${record.picture}" was cut off (${record.stop}) after ${record.tokens.answer} ${record.tokens.answer === 1 ? 'token' : 'tokens'}.`,
      );
    if (request.stats) io.stderr.write(`${formatStats(record, engine.info)}\n`);
  }
}

/** A single picture that cannot be read, or asked about, is an error before anything is downloaded for it. */
async function checkOnlyPicture(
  sources: readonly PictureSource[],
  { asking, wishes: { exif } }: AskRequest,
): Promise<void> {
  const [only] = sources;
  if (only === undefined) return;
  const { inspectPicture } = await import('../../llava/picture.js');
  putQuestion(asking, await inspectPicture(only, { exif }));
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
