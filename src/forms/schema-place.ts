import { ExpectedError } from '../llava/expected-error.js';
import { quote } from '../llava/quote.js';

export type SchemaObject = Readonly<Record<string, unknown>>;

/** Where a part of a schema stands, and what it may refer to. */
export interface Place {
  /** JSON pointer. */
  readonly pointer: string;
  readonly depth: number;
  readonly definitions: ReadonlySet<string>;
}

/** The place of a part of what stands at `place`. */
export function at(place: Place, name: string | number): Place {
  const step = String(name).replaceAll('~', '~0').replaceAll('/', '~1');
  return { ...place, pointer: `${place.pointer}/${step}`, depth: place.depth + 1 };
}

/** Says which part of a schema cannot be kept to, and why. */
export function refuse({ pointer }: Place, problem: string): ExpectedError {
  const part = pointer === '' ? 'The schema' : `The schema's part ${quote(pointer, 120)}`;
  return new ExpectedError('usage', `${part} cannot be kept to: ${problem}.`, {
    hint: 'docs/answers.md lists what schemas may say',
  });
}

/** A value of a schema, for messages. */
export function show(value: unknown): string {
  return value === undefined ? 'nothing' : quote(JSON.stringify(value), 60);
}

export function isObject(value: unknown): value is SchemaObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
