import type { RowFields } from './batch-row.js';

/** Rows nested deeper are refused: writing them could exhaust the stack. */
const MAX_DEPTH = 100;

/**
 * The row's own fields and what is added to them. An added field takes the place of one with its name; what the
 * row had there is kept under `given`, so that nothing a user wrote is lost.
 */
export function carryFields(fields: RowFields, added: RowFields): RowFields {
  const clashes = ([name, value]: [string, unknown]) => Object.hasOwn(added, name) && added[name] !== value;
  const entries = Object.entries(fields);
  const given = entries.filter(clashes);
  // Unlike assignment, `fromEntries` takes a field named "__proto__" for a field.
  return Object.fromEntries([
    ...entries.filter((entry) => !clashes(entry)).map(([name, value]) => [name, shorten(name, value)]),
    ...Object.entries(added),
    ...(given.length === 0 ? [] : [['given', Object.fromEntries(given)]]),
  ]) as RowFields;
}

function shorten(name: string, value: unknown): unknown {
  return name === 'image' && typeof value === 'string' ? shortImage(value) : value;
}

/** Whether a value can be written without fear for the stack. */
export function isShallow(value: unknown, depth = 0): boolean {
  if (typeof value !== 'object' || value === null) return true;
  if (depth > MAX_DEPTH) return false;
  return Object.values(value).every((inner) => isShallow(inner, depth + 1));
}

/** What is kept of a data URL in an output row. */
const KEPT = 48;

/** A picture as messages and output rows name it: as it was given, but a data URL only by its beginning. */
export function shortImage(image: string): string {
  return /^data:/i.test(image) && image.length > KEPT ? `${image.slice(0, KEPT)}…` : image;
}
