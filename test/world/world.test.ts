import { describe, expect, it } from 'vitest';
import { formatBox } from '../../src/llava/box.js';
import { RESPONSE_FORMATS } from '../../src/llava/response-format.js';
import {
  askAbout,
  boxOf,
  createRandom,
  createScene,
  drawScene,
  type SceneQuestion,
} from '../../src/world/index.js';

const scenes = Array.from({ length: 120 }, (_, seed) => createScene(seed));
const asked = scenes.map((scene, seed) => ({ scene, questions: askAbout(scene, createRandom(seed)) }));

describe('scenes', () => {
  it('come out the same for the same seed', () => {
    expect(createScene(7)).toEqual(createScene(7));
    expect(drawScene(createScene(7))).toBe(drawScene(createScene(7)));
    expect(createScene(8)).not.toEqual(createScene(7));
  });

  it('hold one to four things, each in its own cell, inside the picture and off the background’s colour', () => {
    for (const { width, height, background, shapes } of scenes) {
      expect(shapes.length).toBeGreaterThanOrEqual(1);
      expect(shapes.length).toBeLessThanOrEqual(4);
      expect(new Set(shapes.map(({ cell }) => cell)).size).toBe(shapes.length);
      for (const { x, y, radius, color } of shapes) {
        expect(Math.min(x, y, width - x, height - y)).toBeGreaterThanOrEqual(radius);
        expect(color).not.toBe(background);
      }
    }
  });

  it('have sides of 96 to 640 pixels and stay near the square', () => {
    for (const { width, height } of scenes) {
      expect(Math.min(width, height)).toBeGreaterThanOrEqual(96);
      expect(Math.max(width, height)).toBeLessThanOrEqual(640);
      expect(Math.max(width, height) / Math.min(width, height)).toBeLessThan(1.62);
    }
  });
});

describe('questions', () => {
  const all = asked.flatMap(({ questions }) => questions);

  it('come in every format', () => {
    for (const format of Object.keys(RESPONSE_FORMATS))
      expect(all.some((question) => question.format === format)).toBe(true);
  });

  it('have one answer each: the same request never has two in a scene', () => {
    for (const { questions } of asked) {
      const answers = new Map<string, string>();
      for (const { request, answer } of questions) {
        expect(answers.get(request) ?? answer).toBe(answer);
        answers.set(request, answer);
      }
    }
  });

  it('offer two to four options, the right one under the letter that is the answer', () => {
    for (const { choices, fact, answer } of ofFormat(all, 'letter')) {
      expect(choices?.length).toBeGreaterThanOrEqual(2);
      expect(choices?.length).toBeLessThanOrEqual(4);
      expect(new Set(choices).size).toBe(choices?.length);
      expect(choices?.[answer.charCodeAt(0) - 65]).toBe(fact);
    }
  });

  it('name things by the right article and number', () => {
    const texts = all.map(({ request, answer }) => `${request} ${answer}`).join('\n');
    expect(texts).toMatch(/\ban orange\b/);
    expect(texts).not.toMatch(
      /\ba orange\b|\ban [^o]|\bone \w+s\b|\b(two|three|four) (object|circle|square)\b/,
    );
  });

  it('answer "Unanswerable" only where the picture does not tell', () => {
    for (const { scene, questions } of asked)
      for (const { question, answer } of ofFormat(questions, 'unanswerable')) {
        const named = scene.shapes.filter(
          ({ shape, color }) => question.includes(` ${shape}`) || question.includes(` ${color} `),
        );
        if (answer === 'Unanswerable') expect(named).toEqual([]);
      }
  });
});

it('boxes lie on the padded square', () => {
  const scene = createScene(3);
  for (const thing of scene.shapes)
    expect(formatBox(boxOf(thing, scene))).toMatch(/^\[(\d\.\d\d?, ){3}\d\.\d\d?\]$/);
});

function ofFormat(questions: readonly SceneQuestion[], format: SceneQuestion['format']): SceneQuestion[] {
  return questions.filter((question) => question.format === format);
}
