import type { LlamaEngine } from '../../src/engine/local/llama-engine.js';
import type { Sampling } from '../../src/engine/engine.js';
import type { ImageFeatures } from '../../src/engine/local/image-features.js';
import { loadPixels } from '../../src/llava/pixels.js';
import { askAbout, createRandom, createScene, type SceneQuestion } from '../../src/world/index.js';
import { scenePng } from '../helpers/scene-pictures.js';

/** Training never saw scenes from here on. */
const FIRST_FRESH_SEED = 4_000_000_000;

const GREEDY: Sampling = { temperature: 0, topP: 1, seed: undefined, maxTokens: 128 };

/** A question on a fresh scene, with what the model said. */
export interface Asked {
  readonly question: SceneQuestion;
  readonly answer: string;
}

/** Image features of `count` fresh scenes, with questions about each. */
export async function lookAtScenes(
  engine: LlamaEngine,
  count: number,
  choose: (questions: readonly SceneQuestion[]) => readonly SceneQuestion[],
  first = 0,
): Promise<{ features: ImageFeatures; questions: readonly SceneQuestion[] }[]> {
  const scenes = [];
  for (let index = 0; index < count; index++) {
    const seed = FIRST_FRESH_SEED + first + index;
    const scene = createScene(seed);
    const bytes = await scenePng(scene);
    const source = { kind: 'bytes', label: `scene ${seed}`, bytes } as const;
    const pixels = await loadPixels(source, { imageSize: engine.info.imageSize });
    const questions = choose(askAbout(scene, createRandom(seed)));
    scenes.push({ features: await engine.encode(pixels), questions });
  }
  return scenes;
}

/** Asks every question about the features given for it. */
export async function askAll(
  engine: LlamaEngine,
  scenes: readonly { features: ImageFeatures; questions: readonly SceneQuestion[] }[],
): Promise<Asked[]> {
  const asked: Asked[] = [];
  for (const { features, questions } of scenes) {
    const prefix = engine.look(features);
    for (const question of questions) {
      let answer = '';
      for await (const event of prefix.ask(question.request, GREEDY))
        if (event.type === 'text') answer += event.text;
      asked.push({ question, answer });
    }
  }
  return asked;
}

/** Share of exact answers. */
export function accuracy(asked: readonly Asked[]): number {
  return asked.filter(({ question, answer }) => answer === question.answer).length / asked.length;
}

/**
 * Share that guessing would get right: one of the choices by lot, or an answer as often as the world gives it to
 * that very question.
 */
export function chance(asked: readonly Asked[]): number {
  const answers = answersOfTheWorld();
  const shares = asked.map(({ question: { request, choices, answer } }) => {
    if (choices !== undefined) return 1 / choices.length;
    const given = answers.get(request) ?? [];
    return given.filter((other) => other === answer).length / Math.max(1, given.length);
  });
  return shares.reduce((sum, share) => sum + share, 0) / asked.length;
}

/** Right answers to each request, over many scenes. */
function answersOfTheWorld(): Map<string, string[]> {
  const answers = new Map<string, string[]>();
  for (let seed = 0; seed < 2000; seed++) {
    const questions = askAbout(createScene(seed), createRandom(seed));
    for (const { request, answer } of questions)
      answers.set(request, [...(answers.get(request) ?? []), answer]);
  }
  return answers;
}
