import { afterAll, describe, expect, it } from 'vitest';
import { openLlamaEngine } from '../../src/engine/local/llama-engine.js';
import { createRandom } from '../../src/world/index.js';
import { projectFile } from '../helpers/run-llava.js';
import { lookAtScenes } from './ask-scenes.js';
import {
  areaUnderRoc,
  askOneOf,
  mean,
  measureBoxes,
  measureColours,
  measureYesNo,
  reliability,
} from './measure-answers.js';

/* `LLAVA_TEST_ANSWERS=500` asks as many questions as docs/answers.md tells of. */

const COUNT = Number(process.env['LLAVA_TEST_ANSWERS'] ?? 60);
const TIMEOUT = 60_000 + COUNT * 500;
const LABELS = 1000;

const engine = await openLlamaEngine(
  { model: projectFile('models/demo/model.gguf'), mmproj: projectFile('models/demo/mmproj.gguf') },
  { device: 'cpu', threads: 1 },
);
afterAll(() => engine[Symbol.asyncDispose]());

describe(`${COUNT} fresh questions of each kind`, () => {
  it(
    'yes or no: what is there is more probable than what is not',
    async () => {
      const guesses = await measureYesNo(engine, COUNT);
      expect(areaUnderRoc(guesses)).toBeGreaterThanOrEqual(0.99);
      expect(reliability(guesses).reduce((sum, { count }) => sum + count, 0)).toBe(COUNT);
    },
    TIMEOUT,
  );

  it(
    'colours out of labels are right, and the most probable',
    async () => {
      const guesses = await measureColours(engine, COUNT);
      expect(mean(guesses.map(({ isTrue }) => Number(isTrue)))).toBeGreaterThanOrEqual(0.97);
    },
    TIMEOUT,
  );

  it(
    'boxes lie where things are',
    async () => {
      expect(mean(await measureBoxes(engine, COUNT))).toBeGreaterThanOrEqual(COUNT >= 300 ? 0.6 : 0.55);
    },
    TIMEOUT,
  );
});

it(`weighs ${LABELS} labels on one picture within 30 seconds, what they share once`, async () => {
  const random = createRandom(7);
  const letter = () => String.fromCharCode(97 + random.integer(0, 25));
  const labels = [
    ...new Set(Array.from({ length: 2 * LABELS }, () => letter() + letter() + letter() + letter())),
  ];
  const [scene] = await lookAtScenes(engine, 1, (questions) => questions.slice(0, 1));
  const prefix = engine.look(scene!.features);
  await prefix.evaluate();
  const [question] = scene!.questions;
  const before = process.memoryUsage.rss();
  const start = performance.now();
  const { answer, choices } = await askOneOf(prefix, question!, labels.slice(0, LABELS), true);
  expect(performance.now() - start).toBeLessThan(30_000);
  expect(process.memoryUsage.rss() - before).toBeLessThan(150e6);
  expect(labels).toContain(answer);
  expect(choices).toHaveLength(LABELS);
  expect(choices.reduce((sum, { probability }) => sum + probability, 0)).toBeCloseTo(1, 9);
}, 60_000);
