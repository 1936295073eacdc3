import type { QuestionDefaults } from '../answer/question-options.js';
import type { Engine } from '../engine/engine.js';
import { answerQuestions } from './answer-questions.js';
import type { BatchJob } from './batch-job.js';
import { BatchCount, type BatchSummary } from './batch-summary.js';
import type { PictureGroup } from './group-rows.js';
import { mapInOrder, oneAhead } from '../flow/map-in-order.js';
import { OpenRows } from './open-rows.js';
import { PictureFinder } from './pictures/picture-finder.js';
import { planWindows, WINDOW_LIMITS, type WindowLimits } from './plan-windows.js';
import { prepareRow } from './prepare-row.js';
import { readRows, type Shard } from './rows/read-rows.js';
import { RowOutput } from './output/row-output.js';
import type { PictureRules } from './pictures/row-picture.js';
import { RowSettler } from './row-settler.js';
import { itemsUntilAborted } from '../flow/until-aborted.js';

/** A batch, complete and checked. */
export interface BatchRequest {
  /** JSONL, in pieces of any size. */
  readonly input: AsyncIterable<Uint8Array>;
  readonly defaults: QuestionDefaults;
  /** Several pictures in one question are put on one sheet; default: they are an error. */
  readonly tile?: boolean | undefined;
  readonly pictures: PictureRules;
  /** Name of the weights, for rows. */
  readonly model: string;
  /** Tells one pair of weights from every other, for fingerprints. */
  readonly weights: string;
  /** Side of the square that the vision tower sees, in pixels. */
  readonly imageSize: number;
  readonly shard?: Shard | undefined;
  /** Rows as they come, not in the input's order. */
  readonly unordered?: boolean | undefined;
  /** Rows tell how long they took; they are then never the same twice. */
  readonly timings?: boolean | undefined;
  /** Stop when more rows than that have failed; 0 stops at the first. Default: never. */
  readonly maxErrors?: number | undefined;
  readonly limits?: WindowLimits | undefined;
}

/** Pictures looked for at once, ahead of their use. */
const LOOKUPS = 8;

/**
 * Answers every row of a stream. Rows of a window that are about one picture are asked together, equal ones once;
 * the next window begins before the last one is answered. What the journal knows is not asked again. Errors are rows, and no row or picture can stop the run. When the signal
 * is aborted or too many rows failed, the summary says so and all answers so far are in the journal.
 * @param openEngine called once, when the first row has to be asked
 * @param onProgress after each question
 * @throws ExpectedError when the engine cannot be opened, or output or journal cannot be written
 */
export async function runBatch(
  request: BatchRequest,
  { journal, sink }: BatchJob,
  openEngine: () => Promise<Engine>,
  signal: AbortSignal,
  onProgress: (summary: BatchSummary) => void = () => undefined,
): Promise<BatchSummary> {
  const { pictures, weights, model, limits = WINDOW_LIMITS } = request;
  // Ends everything, however the run ends.
  const end = new AbortController();
  const abort = () => {
    end.abort(signal.reason);
  };
  if (signal.aborted) abort();
  signal.addEventListener('abort', abort, { once: true });
  // Ends the reading alone: what is being asked is still answered.
  const enough = new AbortController();
  const reading = AbortSignal.any([end.signal, enough.signal]);

  const count = new BatchCount();
  const openRows = new OpenRows(limits);
  const output = new RowOutput(sink, request.unordered === true, (index) => {
    openRows.close(index);
  });
  const facts = { model, created: journal.header.created, timings: request.timings === true };
  const settler = new RowSettler(journal, output, count, facts);
  const finder = new PictureFinder(pictures, journal, end.signal);
  const rows = readRows(itemsUntilAborted(request.input, reading), request);
  const prepared = mapInOrder(rows, LOOKUPS, (row) =>
    prepareRow(row, finder, { wishes: pictures.wishes, weights }),
  );
  const tooMany = () => count.failed > (request.maxErrors ?? Infinity);
  const tell = () => {
    if (tooMany()) enough.abort();
    onProgress(count.summary());
  };
  let engine: Promise<Engine> | undefined;
  const steps = {
    open: () => (engine ??= openEngine()),
    load: { rules: pictures, imageSize: request.imageSize },
    isOver: () => signal.aborted || tooMany(),
    done: tell,
  };

  async function* planGroups(): AsyncGenerator<PictureGroup, undefined> {
    try {
      for await (const window of oneAhead(planWindows(openRows.admit(prepared, reading), limits))) {
        const groups = await settler.plan(window, steps.isOver);
        tell();
        await output.flush();
        yield* groups;
      }
    } catch (error) {
      if (end.signal.aborted || !enough.signal.aborted) throw error;
    }
  }

  const groups = planGroups();
  try {
    await answerQuestions(groups, settler, steps, end);
    if (!steps.isOver()) await output.finish();
  } catch (error) {
    if (!signal.aborted) throw error;
  } finally {
    signal.removeEventListener('abort', abort);
    end.abort();
    // It may be settling rows that the journal knows.
    await groups.return(undefined).catch(() => undefined);
  }
  await output.flush();
  await journal.sync();
  return count.summary(signal.aborted ? 'interrupted' : tooMany() ? 'too-many-errors' : undefined);
}
