import type { Engine, ImageFeatures, Sampling } from '../../src/engine/engine.js';
import { loadPixels } from '../../src/llava/pixels.js';
import { askAbout, createRandom, createScene, type Question } from '../../training/world/index.js';
import { scenePng } from '../helpers/scene-pictures.js';

/** Training never saw scenes from here on. */
const FIRST_FRESH_SEED = 4_000_000_000;

const GREEDY: Sampling = { temperature: 0, topP: 1, seed: undefined, maxTokens: 128 };

/** A question on a fresh scene, with what the model said. */
export interface Asked {
  readonly question: Question;
  readonly answer: string;
}

/** Image features of `count` fresh scenes, with questions about each. */
export async function lookAtScenes(
  engine: Engine,
  count: number,
  choose: (questions: readonly Question[]) => readonly Question[],
): Promise<{ features: ImageFeatures; questions: readonly Question[] }[]> {
  const scenes = [];
  for (let index = 0; index < count; index++) {
    const seed = FIRST_FRESH_SEED + index;
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
  engine: Engine,
  scenes: readonly { features: ImageFeatures; questions: readonly Question[] }[],
): Promise<Asked[]> {
  const asked: Asked[] = [];
  for (const { features, questions } of scenes) {
    const prefix = await engine.look(features);
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

/** Share that always giving the commonest answer to that kind of question would get right. */
export function blindAccuracy(asked: readonly Asked[]): number {
  const groups = new Map<string, Map<string, number>>();
  for (const { question } of asked) {
    const key = `${question.kind}/${String(question.choices?.length)}`;
    const counts = groups.get(key) ?? new Map<string, number>();
    counts.set(question.answer, (counts.get(question.answer) ?? 0) + 1);
    groups.set(key, counts);
  }
  const guessed = [...groups.values()].map((counts) => Math.max(...counts.values()));
  return guessed.reduce((sum, count) => sum + count, 0) / asked.length;
}
