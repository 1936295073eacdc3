import { boxOnPaddedSquare, type Box } from '../llava/box.js';
import type { Rgb } from './palette.js';
import type { Scene, Thing } from './scene.js';

type Point = readonly [x: number, y: number];

const STAR_INNER = 0.42;

/** The scene as an SVG document of its own size in pixels. */
export function drawScene(scene: Scene): string {
  const { width, height } = scene;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}">`,
    `<rect width="${width}" height="${height}" fill="${css(scene.backgroundRgb)}"/>`,
    ...scene.shapes.map((thing) => drawThing(thing)),
    '</svg>',
  ].join('\n');
}

function drawThing(thing: Thing): string {
  const fill = css(thing.rgb);
  if (thing.shape === 'circle') {
    return `<circle cx="${number(thing.x)}" cy="${number(thing.y)}" r="${number(thing.radius)}" fill="${fill}"/>`;
  }

  const points = corners(thing)
    .map(([x, y]) => `${number(x)},${number(y)}`)
    .join(' ');
  return `<polygon points="${points}" fill="${fill}"/>`;
}

/** The corners of a thing's outline; a circle counts as its bounding square. */
export function corners(thing: Thing): Point[] {
  const { x, y, radius } = thing;
  const at = (across: number, down: number): Point => [x + across * radius, y + down * radius];
  switch (thing.shape) {
    case 'circle': {
      return [at(-1, -1), at(1, -1), at(1, 1), at(-1, 1)];
    }

    case 'square': {
      return [at(-0.9, -0.9), at(0.9, -0.9), at(0.9, 0.9), at(-0.9, 0.9)];
    }

    case 'triangle': {
      return [at(0, -0.9), at(1, 0.85), at(-1, 0.85)];
    }

    case 'star': {
      return Array.from({ length: 10 }, (_, index) => {
        const reach = index % 2 === 0 ? 1 : STAR_INNER;
        const angle = (Math.PI * index) / 5;
        return at(reach * Math.sin(angle), -reach * Math.cos(angle));
      });
    }
  }
}

function css(rgb: Rgb): string {
  return `rgb(${rgb.join(',')})`;
}

function number(value: number): string {
  return value.toFixed(2);
}

/** Where a thing lies on the padded square, as fractions of it. */
export function boxOf(thing: Thing, scene: Scene): Box {
  const points = corners(thing);
  const across = points.map(([x]) => x);
  const down = points.map(([, y]) => y);
  const box = [Math.min(...across), Math.min(...down), Math.max(...across), Math.max(...down)] as const;
  return boxOnPaddedSquare(box, scene);
}
