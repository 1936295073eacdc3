import type { Random } from './random.js';
import type { Scene, Thing } from './scene.js';
import {
  BACKGROUNDS,
  CELLS,
  COLORS,
  COUNTS,
  SHAPES,
  SIZES,
  atCell,
  capitalize,
  countWord,
  plural,
  withArticle,
  type Color,
  type Shape,
} from './words.js';

export type InquiryKind =
  'color' | 'shape' | 'count' | 'shape-count' | 'exists' | 'place' | 'size' | 'background';

/** A question with one word or phrase for an answer, before it is put into a format. */
export interface Inquiry {
  readonly kind: InquiryKind;
  readonly question: string;
  /** The answer as a word or phrase in lower case; missing when the picture does not tell. */
  readonly fact?: string;
  /** The answer as a sentence; empty when the picture does not tell. */
  readonly sentence: string;
  /** All that could be offered as an answer. */
  readonly possible: readonly string[];
}

/** Every inquiry that is unambiguous in the scene, and those on things that are absent. */
export function inquiriesAbout(scene: Scene, random: Random): Inquiry[] {
  return [
    ...SHAPES.flatMap((shape) => aboutShape(shape, scene)),
    ...COLORS.flatMap((color) => aboutColor(color, scene)),
    ...SHAPES.map((shape) => countOf(shape, scene)),
    ...presence(scene, random),
    countOfAll(scene),
    aboutBackground(scene),
  ];
}

function aboutShape(shape: Shape, scene: Scene): Inquiry[] {
  const things = scene.shapes.filter((thing) => thing.shape === shape);
  const [thing] = things;
  const questions = {
    color: `What color is the ${shape}?`,
    place: `Where is the ${shape}?`,
    size: `Is the ${shape} large or small?`,
  };
  if (thing === undefined) {
    return [
      { kind: 'color', question: questions.color, sentence: '', possible: COLORS },
      { kind: 'place', question: questions.place, sentence: '', possible: CELLS },
      { kind: 'size', question: questions.size, sentence: '', possible: SIZES },
    ];
  }

  if (things.length > 1) {
    return [];
  }

  const { color, cell, size } = thing;
  return [
    {
      kind: 'color',
      question: questions.color,
      fact: color,
      sentence: `The ${shape} is ${color}.`,
      possible: COLORS,
    },
    {
      kind: 'place',
      question: questions.place,
      fact: cell,
      sentence: `The ${shape} is ${atCell(cell)} of the image.`,
      possible: CELLS,
    },
    {
      kind: 'size',
      question: questions.size,
      fact: size,
      sentence: `The ${shape} is ${size}.`,
      possible: SIZES,
    },
  ];
}

function aboutColor(color: Color, scene: Scene): Inquiry[] {
  const things = scene.shapes.filter((thing) => thing.color === color);
  const [thing] = things;
  if (things.length > 1) {
    return [];
  }

  const inquiry = {
    kind: 'shape',
    question: `What shape is the ${color} object?`,
    possible: SHAPES,
  } as const;
  return thing === undefined
    ? [{ ...inquiry, sentence: '' }]
    : [{ ...inquiry, fact: thing.shape, sentence: `The ${color} object is ${withArticle(thing.shape)}.` }];
}

function countOf(shape: Shape, scene: Scene): Inquiry {
  const count = scene.shapes.filter((thing) => thing.shape === shape).length;
  return {
    kind: 'shape-count',
    question: `How many ${shape}s are there?`,
    fact: countWord(count),
    sentence: `${thereAre(count, shape)} in the image.`,
    possible: COUNTS,
  };
}

function countOfAll(scene: Scene): Inquiry {
  const count = scene.shapes.length;
  return {
    kind: 'count',
    question: 'How many objects are in the image?',
    fact: countWord(count),
    sentence: `${thereAre(count, 'object')} in the image.`,
    possible: COUNTS.slice(1),
  };
}

function aboutBackground(scene: Scene): Inquiry {
  const { background } = scene;
  return {
    kind: 'background',
    question: 'What color is the background?',
    fact: background,
    sentence: `The background is ${background}.`,
    possible: BACKGROUNDS,
  };
}

function thereAre(count: number, noun: string): string {
  const amount = count === 0 ? 'no' : countWord(count);
  return `There ${count === 1 ? 'is' : 'are'} ${amount} ${plural(noun, count)}`;
}

/** As many yes as no; each no is off by the colour or by the shape alone. */
function presence(scene: Scene, random: Random): Inquiry[] {
  const present = new Set(scene.shapes.map((thing) => nameOf(thing)));
  return scene.shapes.flatMap((thing) => {
    const near =
      random.next() < 0.5
        ? COLORS.map((color) => nameOf({ ...thing, color }))
        : SHAPES.map((shape) => nameOf({ ...thing, shape }));
    const absent = near.filter((name) => !present.has(name));
    return [
      isThere(nameOf(thing), true),
      ...(absent.length > 0 ? [isThere(random.pick(absent), false)] : []),
    ];
  });
}

function isThere(name: string, yes: boolean): Inquiry {
  const fact = yes ? 'yes' : 'no';
  return {
    kind: 'exists',
    question: `Is there ${withArticle(name)} in the image?`,
    fact,
    sentence: `${capitalize(fact)}, there is ${yes ? withArticle(name) : `no ${name}`} in the image.`,
    possible: ['yes', 'no'],
  };
}

/** "red circle". */
export function nameOf(thing: Pick<Thing, 'color' | 'shape'>): string {
  return `${thing.color} ${thing.shape}`;
}
