import { backgroundRgb, shapeRgb, type Rgb } from './palette.js';
import { createRandom, type Random } from './random.js';
import {
  BACKGROUNDS,
  CELLS,
  COLORS,
  SHAPES,
  SIZES,
  type Background,
  type Cell,
  type Color,
  type Shape,
  type Size,
} from './words.js';

/** One thing in a picture. Centre and radius are in the picture's pixels. */
export interface Thing {
  readonly shape: Shape;
  readonly color: Color;
  readonly size: Size;
  readonly cell: Cell;
  readonly x: number;
  readonly y: number;
  readonly radius: number;
  readonly rgb: Rgb;
}

/** A picture as facts; things are in reading order of their cells. */
export interface Scene {
  readonly width: number;
  readonly height: number;
  readonly background: Background;
  readonly backgroundRgb: Rgb;
  readonly shapes: readonly Thing[];
}

const SHORTEST_SIDE = 96;
const LONGEST_SIDE = 640;
const WIDEST = 1.6;

/** Radius as a share of the picture's shorter side. */
const RADIUS: Readonly<Record<Size, readonly [low: number, high: number]>> = {
  large: [0.142, 0.154],
  small: [0.08, 0.092],
};

/** The scene of a seed: one to four things in different cells, none in the background's colour. */
export function createScene(seed: number): Scene {
  const random = createRandom(seed);
  const { width, height } = pictureSize(random);
  const background = random.pick(BACKGROUNDS);
  const colors = COLORS.filter((color) => color !== background);
  const cells = new Set(random.shuffle(CELLS).slice(0, random.integer(1, 4)));
  return {
    width,
    height,
    background,
    backgroundRgb: backgroundRgb(background, random),
    shapes: CELLS.filter((cell) => cells.has(cell)).map((cell) =>
      createThing(cell, colors, width, height, random),
    ),
  };
}

/** A third of the pictures are square, the others wide or tall. */
function pictureSize(random: Random): { width: number; height: number } {
  const ratio = random.next() < 1 / 3 ? 1 : WIDEST ** random.next();
  const short = Math.round(SHORTEST_SIDE * (LONGEST_SIDE / ratio / SHORTEST_SIDE) ** random.next());
  const long = Math.round(short * ratio);
  return random.next() < 0.5 ? { width: long, height: short } : { width: short, height: long };
}

function createThing(
  cell: Cell,
  colors: readonly Color[],
  width: number,
  height: number,
  random: Random,
): Thing {
  const color = random.pick(colors);
  const size = random.pick(SIZES);
  const radius = random.between(...RADIUS[size]) * Math.min(width, height);
  const index = CELLS.indexOf(cell);
  return {
    shape: random.pick(SHAPES),
    color,
    size,
    cell,
    x: place(index % 3, width, radius, random),
    y: place(Math.floor(index / 3), height, radius, random),
    radius,
    rgb: shapeRgb(color, random),
  };
}

/** A coordinate inside the given third of a side that keeps the whole thing within it. */
function place(third: number, side: number, radius: number, random: Random): number {
  const room = Math.max(0, side / 6 - radius) * 0.9;
  return (third + 0.5) * (side / 3) + random.between(-room, room);
}
