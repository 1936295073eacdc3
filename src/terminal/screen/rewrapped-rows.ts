import type { LivePart } from './draw-live.js';
import { widthOf } from './graphemes.js';

/** Rows above the cursor's, once a terminal that became narrower has broken the rows on its screen again. */
export function rewrappedRowsAbove({ rows, cursor }: LivePart, columns: number): number {
  const above = rows.slice(0, cursor.y).map((row) => Math.max(1, Math.ceil(widthOf(row) / columns)));
  return above.reduce((sum, count) => sum + count, Math.floor(cursor.x / columns));
}
