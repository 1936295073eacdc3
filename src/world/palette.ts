import type { Random } from './random.js';
import type { Background, Color } from './words.js';

export type Rgb = readonly [red: number, green: number, blue: number];

const SHAPE_COLORS: Readonly<Record<Color, Rgb>> = {
  red: [218, 38, 38],
  green: [40, 160, 62],
  blue: [38, 84, 218],
  yellow: [240, 222, 48],
  purple: [138, 48, 178],
  orange: [244, 138, 28],
  black: [18, 18, 18],
  white: [242, 242, 242],
};

const BACKGROUND_COLORS: Readonly<Record<Background, Rgb>> = {
  white: [246, 246, 246],
  gray: [158, 158, 158],
  black: [12, 12, 12],
  pink: [250, 184, 204],
};

/** A shape's colour, each channel a little off. */
export function shapeRgb(color: Color, random: Random): Rgb {
  return jitter(SHAPE_COLORS[color], 16, random);
}

/** A background's colour: lighter or darker as a whole, so that gray stays gray. */
export function backgroundRgb(background: Background, random: Random): Rgb {
  const shift = random.integer(-8, 8);
  const [red, green, blue] = BACKGROUND_COLORS[background];
  return jitter([red + shift, green + shift, blue + shift], 2, random);
}

function jitter(rgb: Rgb, reach: number, random: Random): Rgb {
  const [red, green, blue] = rgb;
  const shifted = (value: number): number =>
    Math.max(0, Math.min(255, value + random.integer(-reach, reach)));
  return [shifted(red), shifted(green), shifted(blue)];
}
