import { afterAll, describe, expect, it } from 'vitest';
import { openLlamaEngine } from '../../src/engine/local/llama-engine.js';
import { createRandom, type SceneQuestion } from '../../src/world/index.js';
import { projectFile } from '../helpers/run-llava.js';
import { accuracy, askAll, chance, lookAtScenes } from './ask-scenes.js';

const SCENES = 84;
const PER_FORMAT = 4;

/** What the issue of the demo model promises, as shares of exact answers. */
const PROMISED = { short: 0.97, letter: 0.95, free: 0.95 } as const;

const engine = await openLlamaEngine({
  model: projectFile('models/demo/model.gguf'),
  mmproj: projectFile('models/demo/mmproj.gguf'),
});
afterAll(() => engine[Symbol.asyncDispose]());

const random = createRandom(1);
const formats = Object.keys(PROMISED) as (keyof typeof PROMISED)[];
const choose = (questions: readonly SceneQuestion[]) =>
  formats.flatMap((format) => random.shuffle(ofFormat(questions, format)).slice(0, PER_FORMAT));
const scenes = await lookAtScenes(engine, SCENES, choose);
const asked = await askAll(engine, scenes);
const swapped = await askAll(
  engine,
  scenes.map(({ questions }, index) => ({ features: scenes[(index + 1) % SCENES]!.features, questions })),
);

function ofFormat(
  questions: readonly SceneQuestion[],
  format: SceneQuestion['format'],
): readonly SceneQuestion[] {
  return questions.filter((question) => question.format === format && question.kind !== 'describe');
}

describe(`the demo model on ${asked.length} fresh questions`, () => {
  it.each(formats)('%s: exact', (format) => {
    const own = asked.filter(({ question }) => question.format === format);
    const share = accuracy(own);
    const wrong = own.filter(({ question, answer }) => question.answer !== answer);
    const examples = wrong
      .slice(0, 8)
      .map(({ question, answer }) => `${question.question} ${question.answer} ≠ ${answer}`);
    expect(share, examples.join('\n')).toBeGreaterThanOrEqual(PROMISED[format]);
  });

  it.each(formats)('%s: near chance when the picture is another one', (format) => {
    const own = swapped.filter(({ question }) => question.format === format);
    expect(accuracy(own)).toBeLessThan(chance(own) + 0.1);
  });
});
