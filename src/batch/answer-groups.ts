import { ExpectedError } from '../llava/expected-error.js';
import type { Pixels } from '../llava/pixels.js';
import type { Answerer } from './answerer.js';
import { pictureKeyOf } from './fingerprint.js';
import type { PictureGroup, PlannedQuestion } from './group-rows.js';
import { RowFailure, type RowError } from './row-error.js';
import { isAddress, loadFoundPicture, type PictureRules } from './row-picture.js';
import type { RowSettler } from './row-settler.js';

/** Pictures decoded ahead of their use. */
const LOOK_AHEAD = 2;

/** What answering needs from the run around it. */
export interface AnsweringSteps {
  readonly open: () => Promise<Answerer>;
  readonly load: { readonly rules: PictureRules; readonly imageSize: number };
  /** Whether to stop before the next question. */
  readonly isOver: () => boolean;
  /** Called after each group. */
  readonly done: () => void;
}

/** Answers groups one after the other, while the pictures of the next ones are decoded. */
export async function answerGroups(
  groups: readonly PictureGroup[],
  settler: RowSettler,
  steps: AnsweringSteps,
  signal: AbortSignal,
): Promise<void> {
  const loading = new Map<PictureGroup, Promise<Pixels>>();
  for (const [place, group] of groups.entries()) {
    if (steps.isOver()) return;
    for (const next of groups.slice(place, place + 1 + LOOK_AHEAD))
      if (!loading.has(next)) loading.set(next, startToLoad(next, steps, signal));
    const pixels = await loaded(group, loading.get(group), settler, steps, signal);
    // Let go of what is shown.
    loading.set(group, NEVER);
    if (pixels !== undefined) await answerGroup(group, pixels, settler, steps, signal);
    await settler.flush();
    steps.done();
  }
}

/** Stands in for pixels that nobody will ask for again. */
const NEVER = new Promise<never>(() => undefined);

function startToLoad(
  { image, picture }: PictureGroup,
  { load }: AnsweringSteps,
  signal: AbortSignal,
): Promise<Pixels> {
  const pixels = loadFoundPicture(image, picture, load.imageSize, load.rules, signal);
  // Its failure is met when its turn comes.
  pixels.catch(() => undefined);
  return pixels;
}

/** The group's pixels, or undefined after failing all of its questions. */
async function loaded(
  { image, questions }: PictureGroup,
  loading: Promise<Pixels> | undefined,
  settler: RowSettler,
  { load }: AnsweringSteps,
  signal: AbortSignal,
): Promise<Pixels | undefined> {
  try {
    return await loading;
  } catch (error) {
    const failure = rowErrorOf(error, signal);
    if (isAddress(image)) await settler.failPicture(pictureKeyOf(image, load.rules.exif), failure);
    for (const question of questions) await settler.fail(question, failure);
    return undefined;
  }
}

/** Every question of the group is settled, unless the run is over before. */
async function answerGroup(
  { picture, questions }: PictureGroup,
  pixels: Pixels,
  settler: RowSettler,
  steps: AnsweringSteps,
  signal: AbortSignal,
): Promise<void> {
  // Outside the `try`: an engine that cannot be had fails the run, not its rows.
  const answerer = await steps.open();
  const open = new Map(questions.entries());
  let failure: RowError = { code: 'engine_failed', message: 'The engine gave no answer.' };
  settler.addPicture();
  try {
    for await (const outcome of answerer.answerGroup({ sha256: picture.sha256, pixels }, questions, signal)) {
      const question = take(open, outcome.question);
      if ('answer' in outcome) await settler.answer(question, outcome.answer);
      else await settler.fail(question, outcome.error);
      if (steps.isOver()) return;
    }
  } catch (error) {
    failure = rowErrorOf(error, signal);
  }
  for (const question of open.values()) await settler.fail(question, failure);
}

function take(open: Map<number, PlannedQuestion>, place: number): PlannedQuestion {
  const question = open.get(place);
  if (question === undefined) throw new RangeError(`There is no open question ${place} in this group.`);
  open.delete(place);
  return question;
}

/** Failures of one picture or its questions become rows; all others end the run. */
function rowErrorOf(error: unknown, signal: AbortSignal): RowError {
  if (signal.aborted) throw error;
  if (error instanceof RowFailure) return error.error;
  if (error instanceof ExpectedError && error.kind === 'engine')
    return { code: 'engine_failed', message: error.message };
  throw error;
}
