import type { AskedQuestion } from '../answer/asked-question.js';
import type { Mark } from '../llava/mark.js';
import type { Placed } from './open-rows.js';
import type { AskableRow } from './prepare-row.js';
import { namedBy, type FoundPicture, type NamedPicture } from './pictures/row-picture.js';
import { contentKey } from './rows/row-answer.js';

/** What is asked once, for all rows that ask it. */
export interface PlannedQuestion extends AskedQuestion {
  readonly fingerprint: string;
  /** At least one; rows that ask the same join until it is answered. */
  readonly rows: Placed<AskableRow>[];
}

/** All that a window asks about one picture with the same marks on it. */
export interface PictureGroup {
  /** As its first row names it. */
  readonly named: NamedPicture;
  readonly picture: FoundPicture;
  readonly marks: readonly Mark[];
  readonly questions: readonly PlannedQuestion[];
}

/** Rows by their picture's content and marks, there by their fingerprint; both in the order of first appearance. */
export function groupRows(rows: readonly Placed<AskableRow>[]): readonly PictureGroup[] {
  return [...gather(rows, ({ row }) => contentKey(row.picture))].flatMap((ofPicture) => {
    const [{ row: first }] = ofPicture;
    const held = ofPicture.find(({ row }) => row.picture.bytes !== undefined)?.row ?? first;
    return [...gather(ofPicture, ({ row }) => JSON.stringify(row.row.marks))].map((alike) => ({
      named: namedBy(held.row),
      picture: held.picture,
      marks: alike[0].row.row.marks,
      questions: [...gather(alike, ({ row }) => row.fingerprint)].map((ofQuestion) => {
        const { fingerprint, request, sampling, choosing, form } = ofQuestion[0].row;
        return { fingerprint, request, sampling, choosing, form, rows: ofQuestion };
      }),
    }));
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
