import { setMaxListeners } from 'node:events';
import { wholeAnswerTo } from '../answer/answer-question.js';
import type { Engine, ShownPicture } from '../engine/engine.js';
import { RecentlyUsed } from '../engine/local/caches/recently-used.js';
import { mapInOrder } from '../flow/map-in-order.js';
import { ExpectedError } from '../llava/expected-error.js';
import { pictureKeyOf } from './journal/fingerprint.js';
import type { PictureGroup, PlannedQuestion } from './group-rows.js';
import { contentKey, rowAnswerOf } from './rows/row-answer.js';
import { RowFailure, type RowError } from './rows/row-error.js';
import { isFetched, loadFoundPicture, type PictureRules } from './pictures/row-picture.js';
import type { RowSettler } from './row-settler.js';

/** Pictures decoded at once, ahead of their use. */
const LOADED_AHEAD = 3;
/** Pictures kept for the rows about them that come later. */
const KEPT = 8;

/** What answering needs from the run around it. */
export interface AnsweringSteps {
  readonly open: () => Promise<Engine>;
  readonly load: { readonly rules: PictureRules; readonly imageSize: number };
  /** Whether to stop before the next question. */
  readonly isOver: () => boolean;
  /** Called after each question. */
  readonly done: () => void;
}

/** A picture that could be decoded, to be shown once. */
interface LoadedPicture {
  readonly show: () => Promise<ShownPicture>;
}

/** A question whose turn has come, with the picture as all of its group share it. */
interface OpenQuestion extends LoadedPicture {
  readonly question: PlannedQuestion;
}

/**
 * Answers all questions of groups in their order, as many side by side as the engine can, while the pictures of the
 * next groups are decoded. Every question is settled, unless the run is over before.
 * @param run aborted when something fails that is no row's own failure: nobody may wait for further groups then
 */
export async function answerQuestions(
  groups: AsyncIterable<PictureGroup>,
  settler: RowSettler,
  steps: AnsweringSteps,
  run: AbortController,
): Promise<void> {
  const { signal } = run;
  // As many questions wait for it as an engine takes side by side.
  setMaxListeners(0, signal);
  const questions = openQuestions(groups, settler, steps, signal);
  const first = await questions.next();
  if (first.done === true) return;
  const { sequences } = (await steps.open()).info;
  const work = async (own: readonly OpenQuestion[]) => {
    try {
      for (const question of own) await answerQuestion(question, settler, steps, signal);
      for await (const question of questions) await answerQuestion(question, settler, steps, signal);
    } catch (error) {
      // The others stop too, and are waited for: nothing may be settled after this has ended.
      run.abort(error);
    }
  };
  await Promise.all(Array.from({ length: sequences }, (_, place) => work(place === 0 ? [first.value] : [])));
  signal.throwIfAborted();
}

/** The questions of pictures that could be decoded; those of the others are failed. */
async function* openQuestions(
  groups: AsyncIterable<PictureGroup>,
  settler: RowSettler,
  steps: AnsweringSteps,
  signal: AbortSignal,
): AsyncGenerator<OpenQuestion, undefined> {
  const recent = new RecentlyUsed<LoadedPicture>(KEPT);
  const loaded = mapInOrder(groups, LOADED_AHEAD, async (group) => {
    try {
      const key = JSON.stringify([contentKey(group.picture), group.marks]);
      const picture = await recent.get(key, () => loadPicture(group, settler, steps, signal));
      return { group, picture };
    } catch (error) {
      return { group, failure: rowErrorOf(error, signal) };
    }
  });
  for await (const { group, picture, failure } of loaded) {
    if (steps.isOver()) return;
    if (failure !== undefined) await failGroup(group, failure, settler, steps);
    else
      for (const question of group.questions) {
        if (steps.isOver()) return;
        yield { question, show: picture.show };
      }
  }
}

/** @throws RowFailure */
async function loadPicture(
  { named, picture, marks }: PictureGroup,
  settler: RowSettler,
  { load, open }: AnsweringSteps,
  signal: AbortSignal,
): Promise<LoadedPicture> {
  const { imageSize, rules } = load;
  const pixels = await loadFoundPicture(named, picture, { imageSize, marks }, rules, signal);
  settler.addPicture();
  const shown = new RecentlyUsed<ShownPicture>(1);
  return { show: () => shown.get('', async () => await (await open()).show(pixels, { signal })) };
}

async function failGroup(
  { named, questions }: PictureGroup,
  failure: RowError,
  settler: RowSettler,
  { load, done }: AnsweringSteps,
): Promise<void> {
  if (isFetched(named)) await settler.failPicture(pictureKeyOf(named, load.rules), failure);
  for (const question of questions) await settler.fail(question, failure);
  await settler.flush();
  done();
}

async function answerQuestion(
  { question, show }: OpenQuestion,
  settler: RowSettler,
  steps: AnsweringSteps,
  signal: AbortSignal,
): Promise<void> {
  signal.throwIfAborted();
  // Outside the `try`: an engine that cannot be had fails the run, not its rows.
  const { info } = await steps.open();
  try {
    const answer = await wholeAnswerTo(await show(), question, { signal });
    await settler.answer(question, rowAnswerOf(answer, info.device));
  } catch (error) {
    await settler.fail(question, rowErrorOf(error, signal));
  }
  await settler.flush();
  steps.done();
}

/** Failures of one picture or its questions become rows; all others end the run. */
function rowErrorOf(error: unknown, signal: AbortSignal): RowError {
  if (signal.aborted) throw error;
  if (error instanceof RowFailure) return error.error;
  if (error instanceof ExpectedError && error.kind === 'engine')
    return { code: 'engine_failed', message: error.message };
  // All that an engine can find wrong with a question is its grammar.
  if (error instanceof ExpectedError && error.kind === 'usage')
    return { code: 'bad_row', message: error.message };
  throw error;
}
