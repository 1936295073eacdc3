import { setMaxListeners } from 'node:events';
import { wholeAnswerTo } from '../answer/answer-question.js';
import type { Engine, ShownPicture } from '../engine/engine.js';
import { ExpectedError } from '../llava/expected-error.js';
import type { Pixels } from '../llava/pixels.js';
import { pictureKeyOf } from './journal/fingerprint.js';
import type { PictureGroup, PlannedQuestion } from './group-rows.js';
import { rowAnswerOf } from './rows/row-answer.js';
import { RowFailure, type RowError } from './rows/row-error.js';
import { isFetched, loadFoundPicture, type PictureRules } from './pictures/row-picture.js';
import type { RowSettler } from './row-settler.js';

/** Pictures decoded ahead of their use. */
const LOOK_AHEAD = 2;

/** What answering needs from the run around it. */
export interface AnsweringSteps {
  readonly open: () => Promise<Engine>;
  readonly load: { readonly rules: PictureRules; readonly imageSize: number };
  /** Whether to stop before the next question. */
  readonly isOver: () => boolean;
  /** Called after each question. */
  readonly done: () => void;
}

/** A question whose turn has come, with the picture as all of its group share it. */
interface OpenQuestion {
  readonly question: PlannedQuestion;
  readonly show: () => Promise<ShownPicture>;
}

/**
 * Answers all questions of groups in their order, as many side by side as the engine can, while the pictures of the
 * next groups are decoded. Every question is settled, unless the run is over before.
 */
export async function answerQuestions(
  groups: readonly PictureGroup[],
  settler: RowSettler,
  steps: AnsweringSteps,
  signal: AbortSignal,
): Promise<void> {
  const stop = new AbortController();
  const either = AbortSignal.any([signal, stop.signal]);
  // As many questions wait for it as an engine takes side by side.
  setMaxListeners(0, either);
  const questions = openQuestions(groups, settler, steps, either);
  const first = await questions.next();
  if (first.done === true) return;
  const { sequences } = (await steps.open()).info;
  const work = async (own: readonly OpenQuestion[]) => {
    try {
      for (const question of own) await answerQuestion(question, settler, steps, either);
      for await (const question of questions) await answerQuestion(question, settler, steps, either);
    } catch (error) {
      // The others stop too, and are waited for: nothing may be settled after this has ended.
      stop.abort(error);
      throw error;
    }
  };
  const workers = Array.from({ length: sequences }, (_, place) => work(place === 0 ? [first.value] : []));
  await Promise.allSettled(workers);
  signal.throwIfAborted();
  stop.signal.throwIfAborted();
}

/** The questions of pictures that could be decoded; those of the others are failed. */
async function* openQuestions(
  groups: readonly PictureGroup[],
  settler: RowSettler,
  steps: AnsweringSteps,
  signal: AbortSignal,
): AsyncGenerator<OpenQuestion, undefined> {
  const loading = new Map<PictureGroup, Promise<Pixels>>();
  for (const [place, group] of groups.entries()) {
    if (steps.isOver()) return;
    for (const next of groups.slice(place, place + 1 + LOOK_AHEAD))
      if (!loading.has(next)) loading.set(next, startToLoad(next, steps, signal));
    const pixels = await loaded(group, loading.get(group), settler, steps, signal);
    // Let go of what is shown.
    loading.set(group, NEVER);
    if (pixels === undefined) continue;
    settler.addPicture();
    let shown: Promise<ShownPicture> | undefined;
    const show = () => (shown ??= steps.open().then((engine) => engine.show(pixels, { signal })));
    for (const question of group.questions) {
      if (steps.isOver()) return;
      yield { question, show };
    }
  }
}

/** Stands in for pixels that nobody will ask for again. */
const NEVER = new Promise<never>(() => undefined);

function startToLoad(
  { named, picture, marks }: PictureGroup,
  { load }: AnsweringSteps,
  signal: AbortSignal,
): Promise<Pixels> {
  const { imageSize, rules } = load;
  const pixels = loadFoundPicture(named, picture, { imageSize, marks }, rules, signal);
  // Its failure is met when its turn comes.
  pixels.catch(() => undefined);
  return pixels;
}

/** The group's pixels, or undefined after failing all of its questions. */
async function loaded(
  { named, questions }: PictureGroup,
  loading: Promise<Pixels> | undefined,
  settler: RowSettler,
  { load }: AnsweringSteps,
  signal: AbortSignal,
): Promise<Pixels | undefined> {
  try {
    return await loading;
  } catch (error) {
    const failure = rowErrorOf(error, signal);
    if (isFetched(named)) await settler.failPicture(pictureKeyOf(named, load.rules), failure);
    for (const question of questions) await settler.fail(question, failure);
    return undefined;
  }
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
