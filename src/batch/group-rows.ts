import type { Sampling } from '../engine/engine.js';
import type { Choosing } from '../llava/choosing.js';
import type { Placed } from './plan-windows.js';
import type { AskableRow } from './prepare-row.js';
import type { FoundPicture } from './row-picture.js';

/** What is asked once, for all rows that ask it. */
export interface PlannedQuestion {
  readonly fingerprint: string;
  readonly request: string;
  readonly sampling: Sampling;
  readonly choosing: Choosing | undefined;
  /** At least one. */
  readonly rows: readonly Placed<AskableRow>[];
}

/** All that a window asks about one picture. */
export interface PictureGroup {
  /** As its first row names it. */
  readonly image: string;
  readonly picture: FoundPicture;
  readonly questions: readonly PlannedQuestion[];
}

/** Rows by the content of their picture, and there by their fingerprint; both in the order of first appearance. */
export function groupRows(rows: readonly Placed<AskableRow>[]): readonly PictureGroup[] {
  return [...gather(rows, ({ row }) => row.picture.sha256)].map((ofPicture) => {
    const [{ row: first }] = ofPicture;
    const held = ofPicture.find(({ row }) => row.picture.bytes !== undefined)?.row ?? first;
    return {
      image: held.row.image,
      picture: held.picture,
      questions: [...gather(ofPicture, ({ row }) => row.fingerprint)].map((ofQuestion) => {
        const { fingerprint, request, sampling, choosing } = ofQuestion[0].row;
        return { fingerprint, request, sampling, choosing, rows: ofQuestion };
      }),
    };
  });
}

type AtLeastOne<Item> = [Item, ...Item[]];

function gather<Item>(items: readonly Item[], keyOf: (item: Item) => string): Iterable<AtLeastOne<Item>> {
  const gathered = new Map<string, AtLeastOne<Item>>();
  for (const item of items) {
    const others = gathered.get(keyOf(item));
    if (others === undefined) gathered.set(keyOf(item), [item]);
    else others.push(item);
  }
  return gathered.values();
}
