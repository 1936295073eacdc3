/** The words of the world: what there is and how it is called. */
export const SHAPES = ['circle', 'square', 'triangle', 'star'] as const;
export const COLORS = ['red', 'green', 'blue', 'yellow', 'purple', 'orange', 'black', 'white'] as const;
export const SIZES = ['large', 'small'] as const;
export const BACKGROUNDS = ['white', 'gray', 'black', 'pink'] as const;

/** The cells of the 3×3 grid over the picture, in reading order. */
export const CELLS = [
  'top left',
  'top',
  'top right',
  'left',
  'center',
  'right',
  'bottom left',
  'bottom',
  'bottom right',
] as const;

export const COUNTS = ['zero', 'one', 'two', 'three', 'four'] as const;

export type Shape = (typeof SHAPES)[number];
export type Color = (typeof COLORS)[number];
export type Size = (typeof SIZES)[number];
export type Background = (typeof BACKGROUNDS)[number];
export type Cell = (typeof CELLS)[number];

/** 2 → "two". */
export function countWord(count: number): string {
  const word = COUNTS[count];
  if (word === undefined) {
    throw new RangeError(`Expected a count from 0 to 4 but received ${count}`);
  }

  return word;
}

/** "circle" → "circles" unless there is exactly one. */
export function plural(noun: string, count: number): string {
  return count === 1 ? noun : `${noun}s`;
}

/** "orange star" → "an orange star". */
export function withArticle(phrase: string): string {
  return /^[aeiou]/.test(phrase) ? `an ${phrase}` : `a ${phrase}`;
}

/** "top left" → "Top left". */
export function capitalize(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** "top left" → "at the top left"; the middle is something one is in. */
export function atCell(cell: Cell): string {
  return cell === 'center' ? 'in the center' : `at the ${cell}`;
}
