import { boxOnPaddedSquare, formatBox, type Box, type PictureSize } from './box.js';
import { ExpectedError } from './expected-error.js';
import { quote } from './quote.js';

/** What numbers of places count in: pixels of the upright picture, or fractions of its sides. */
export type PlaceUnit = 'pixels' | 'fractions';

/** A part of a picture as users give it: left, top, width and height. */
export interface Region {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
  readonly unit: PlaceUnit;
}

/** A point of a picture as users give it. */
export interface Point {
  readonly x: number;
  readonly y: number;
  readonly unit: PlaceUnit;
}

/** Reckoning slack: 0.7 + 0.3 is not always 1. */
const SLACK = 1e-9;
/** What two decimals can tell apart. */
const STEP = 0.01;

/**
 * Reads `x,y,width,height`. When no number is above 1 they are fractions of the picture's sides, else pixels.
 * @throws ExpectedError('usage') for anything else, and for fractions that reach out of the picture
 */
export function parseRegion(text: string): Region {
  const [x, y, width, height, ...rest] = parseNumbers(text);
  if (x === undefined || y === undefined || width === undefined || height === undefined || rest.length > 0)
    throw badRegion(text, 'it takes four numbers: x,y,width,height');
  if (width <= 0 || height <= 0) throw badRegion(text, 'its width and height must be above 0');
  const unit = unitOf(x, y, width, height);
  if (unit === 'fractions' && (x + width > 1 + SLACK || y + height > 1 + SLACK))
    throw badRegion(text, 'its fractions extend beyond the picture');
  return { x, y, width, height, unit };
}

/**
 * Reads `x,y`, fractions or pixels as in {@link parseRegion}.
 * @throws ExpectedError('usage') for anything else
 */
export function parsePoint(text: string): Point {
  const [x, y, ...rest] = parseNumbers(text);
  if (x !== undefined && y !== undefined && rest.length === 0) return { x, y, unit: unitOf(x, y) };
  throw new ExpectedError('usage', `The point ${quote(text, 60)} is not valid: it needs two numbers, x,y.`, {
    hint: 'Give pixels of the picture, such as 120,80, or fractions, such as 0.5,0.25',
  });
}

/**
 * Where a region is, in pixels of the upright picture.
 * @throws ExpectedError('input') when it reaches out of the picture
 */
export function placeRegion(region: Region, picture: PictureSize): Box {
  const { x, y, width, height } = region;
  if (region.unit === 'fractions') {
    const across = (fraction: number) => Math.min(fraction, 1) * picture.width;
    const down = (fraction: number) => Math.min(fraction, 1) * picture.height;
    return [across(x), down(y), across(x + width), down(y + height)];
  }
  if (x + width > picture.width || y + height > picture.height)
    throw outside(`The region ${quote([x, y, width, height].join(','))}`, picture);
  return [x, y, x + width, y + height];
}

/**
 * Where a point is, in pixels of the upright picture.
 * @throws ExpectedError('input') when it lies outside
 */
export function placePoint(point: Point, picture: PictureSize): readonly [x: number, y: number] {
  const { x, y, unit } = point;
  if (unit === 'fractions') return [x * picture.width, y * picture.height];
  if (x > picture.width || y > picture.height) throw outside(`The point ${quote(`${x},${y}`)}`, picture);
  return [x, y];
}

/**
 * A box in LLaVA's text form: `[x1, y1, x2, y2]`, fractions of the padded square with two decimals. What is too narrow for
 * two decimals becomes as wide as they can tell, within the square.
 * @param box in pixels of the upright picture
 */
export function regionText(box: Box, picture: PictureSize): string {
  return formatBox(widen(boxOnPaddedSquare(box, picture)));
}

function widen([x1, y1, x2, y2]: Box): Box {
  const [left, right] = apart(x1, x2);
  const [top, bottom] = apart(y1, y2);
  return [left, top, right, bottom];
}

/** The two ends in whole steps, at least one step apart; the end that is moved for it is the one nearer to its step. */
function apart(start: number, end: number): readonly [number, number] {
  const [from, to] = [roundToStep(start), roundToStep(end)];
  if (from < to) return [from, to];
  const movesStart = to >= 1 || (from > 0 && start + end < from + to);
  return movesStart ? [roundToStep(from - STEP), to] : [from, roundToStep(to + STEP)];
}

function roundToStep(fraction: number): number {
  return Math.round(fraction * 100) / 100;
}

/** Nothing when one of them is no plain number from 0. */
function parseNumbers(text: string): readonly number[] {
  const parts = text.split(',').map((part) => part.trim());
  return parts.every((part) => /^\d{1,9}(?:\.\d{1,12})?$/.test(part)) ? parts.map(Number) : [];
}

function unitOf(...numbers: readonly number[]): PlaceUnit {
  return Math.max(...numbers) <= 1 ? 'fractions' : 'pixels';
}

function badRegion(text: string, problem: string): ExpectedError {
  return new ExpectedError('usage', `The region ${quote(text, 60)} is not valid: ${problem}.`, {
    hint: 'Give pixels of the picture, such as 40,60,200,180, or fractions, such as 0.1,0.2,0.5,0.5',
  });
}

function outside(what: string, { width, height }: PictureSize): ExpectedError {
  return new ExpectedError(
    'input',
    `${what} extends beyond the picture, which is ${width}×${height} pixels.`,
    {
      hint: 'Pixels are counted in the picture as it is shown upright',
    },
  );
}
