import { askChoosing } from '../../src/answer/ask-choosing.js';
import type { LlamaEngine } from '../../src/engine/local/llama-engine.js';
import type { ShownPicture, Sampling, ScoredChoice } from '../../src/engine/engine.js';
import { choosingOf } from '../../src/llava/choosing.js';
import { overlapOf, parseBox } from '../../src/llava/box.js';
import type { SceneQuestion } from '../../src/world/index.js';
import { COLORS } from '../../src/world/words.js';
import { lookAtScenes } from './ask-scenes.js';

/* What answers for scripts are worth, measured on fresh scenes of the demo world. */

const GREEDY: Sampling = { temperature: 0, topP: 1, seed: undefined, maxTokens: 256 };

/** How sure the model was of something, and whether it was so. */
export interface Guess {
  /** 0 to 1. */
  readonly probability: number;
  readonly isTrue: boolean;
}

interface Told {
  readonly answer: string;
  readonly choices: readonly ScoredChoice[];
}

/** The answer, which is one of the labels when there are some. */
export async function askOneOf(
  prefix: ShownPicture,
  { request }: Pick<SceneQuestion, 'request'>,
  labels?: readonly string[],
  isWeighed = false,
): Promise<Told> {
  const choosing = choosingOf({
    text: request,
    format: 'short',
    ...(labels === undefined ? {} : { labels }),
    ...(isWeighed ? { probabilities: 'none' as const } : {}),
  });
  let answer = '';
  for await (const event of askChoosing(prefix, request, GREEDY, choosing))
    if (event.type === 'text') answer += event.text;
    else return { answer, choices: event.choices ?? [] };
  throw new Error('The answer has no end.');
}

/** The probability of yes for yes/no questions, `count` of them, up to four a scene. */
export async function measureYesNo(engine: LlamaEngine, count: number): Promise<readonly Guess[]> {
  return await askFresh(engine, count, 4, isShort('exists'), async (prefix, question) => {
    const { choices } = await askOneOf(prefix, question, ['yes', 'no'], true);
    const yes = choices.find(({ choice }) => choice === 'yes');
    return { probability: yes?.probability ?? NaN, isTrue: question.fact === 'yes' };
  });
}

/** Colours chosen from all that the world has, and how sure the model was of them. */
export async function measureColours(engine: LlamaEngine, count: number): Promise<readonly Guess[]> {
  return await askFresh(engine, count, 4, isShort('color'), async (prefix, question) => {
    const weighed = await askOneOf(prefix, question, COLORS, true);
    const { answer } = await askOneOf(prefix, question, COLORS);
    if (answer !== weighed.answer)
      throw new Error(`${answer} is chosen, and ${weighed.answer} most probable.`);
    const own = weighed.choices.find(({ choice }) => choice === answer);
    return { probability: own?.probability ?? NaN, isTrue: question.fact === answer };
  });
}

/** How much the model's boxes share with the true ones; what is no box shares nothing. */
export async function measureBoxes(engine: LlamaEngine, count: number): Promise<readonly number[]> {
  const isBox = ({ kind }: SceneQuestion) => kind === 'box';
  return await askFresh(engine, count, 2, isBox, async (prefix, question) => {
    const { answer } = await askOneOf(prefix, question);
    const [said, truth] = [parseBox(answer), parseBox(question.answer)];
    return said === undefined || truth === undefined ? 0 : overlapOf(said, truth);
  });
}

/** Share of pairs of a true and a false one where the true one is more probable; of equals, half. */
export function areaUnderRoc(guesses: readonly Guess[]): number {
  const [yes, no] = [true, false].map((wanted) =>
    guesses.filter(({ isTrue }) => isTrue === wanted).map(({ probability }) => probability),
  );
  const wins = yes!.flatMap((one) => no!.map((other) => (one > other ? 1 : one === other ? 0.5 : 0)));
  return mean(wins);
}

export interface ReliabilityBin {
  readonly from: number;
  readonly count: number;
  /** What was expected of them, and what came. */
  readonly probability: number;
  readonly share: number;
}

/** Guesses in ten bins by their probability; bins without guesses are left out. */
export function reliability(guesses: readonly Guess[]): readonly ReliabilityBin[] {
  return Array.from({ length: 10 }, (_, bin) => {
    const own = guesses.filter(({ probability }) => Math.min(9, Math.floor(probability * 10)) === bin);
    return {
      from: bin / 10,
      count: own.length,
      probability: mean(own.map(({ probability }) => probability)),
      share: mean(own.map(({ isTrue }) => (isTrue ? 1 : 0))),
    };
  }).filter(({ count }) => count > 0);
}

export function mean(numbers: readonly number[]): number {
  return numbers.reduce((sum, number) => sum + number, 0) / numbers.length;
}

function isShort(kind: SceneQuestion['kind']): (question: SceneQuestion) => boolean {
  return (question) => question.kind === kind && question.format === 'short' && question.fact !== undefined;
}

async function askFresh<Result>(
  engine: LlamaEngine,
  count: number,
  ofScene: number,
  isWanted: (question: SceneQuestion) => boolean,
  ask: (prefix: ShownPicture, question: SceneQuestion) => Promise<Result>,
): Promise<readonly Result[]> {
  const results: Result[] = [];
  const choose = (questions: readonly SceneQuestion[]) => questions.filter(isWanted).slice(0, ofScene);
  for (let first = 0; results.length < count; first += 20) {
    for (const { features, questions } of await lookAtScenes(engine, 20, choose, first)) {
      const prefix = engine.look(features);
      for (const question of questions) if (results.length < count) results.push(await ask(prefix, question));
    }
  }
  return results;
}
