import { basename } from 'node:path';
import { printable } from '../printable.js';
import { splitGraphemes, widthOf } from './graphemes.js';
import type { ShownStatus } from './screen-state.js';

/** Part of the context from which on it counts as nearly full. */
const NEARLY_FULL = 0.85;

/** Whether the status line should stand out. */
export function isNearlyFull({ used, contextSize }: ShownStatus): boolean {
  return contextSize !== undefined && used > NEARLY_FULL * contextSize;
}

/** Model, device, context used and speed in one row; what has no room is left out, the least telling first. */
export function describeStatus(status: ShownStatus, columns: number): string {
  const { model, device, picture, used, contextSize, tokensPerSecond, work } = status;
  const parts = [
    work === undefined ? '' : `${work} …`,
    contextSize === undefined ? '' : `${used}/${contextSize} tokens`,
    basename(model),
    device ?? '',
    tokensPerSecond === undefined ? '' : `${Math.round(tokensPerSecond)} tokens/s`,
    picture === undefined ? 'no picture' : basename(picture),
  ].map((part) => printable(part).replace(/\s+/g, ' '));
  const shown = parts.filter((part) => part !== '');
  while (shown.length > 1 && widthOf(shown.join(' · ')) > columns) shown.pop();
  return cutToWidth(shown.join(' · '), columns);
}

/** Text on one row, its end left out where it is too wide. */
export function cutToWidth(text: string, columns: number): string {
  if (widthOf(text) <= columns) return text;
  let cut = '';
  for (const grapheme of splitGraphemes(text)) {
    if (widthOf(cut) + widthOf(grapheme) > columns - 1) break;
    cut += grapheme;
  }
  return `${cut}…`;
}
