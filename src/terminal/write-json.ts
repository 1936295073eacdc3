import type { Io } from './io.js';

/** A value on stdout as JSON, indented as people read it. */
export function writeJson({ stdout }: Io, value: unknown): void {
  stdout.write(`${JSON.stringify(value, null, 2)}\n`);
}
