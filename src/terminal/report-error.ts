import { ExpectedError } from '../llava/expected-error.js';
import { colours } from './colours.js';
import type { Io } from './io.js';
import { printable } from './printable.js';

/**
 * Writes a failure to stderr: one line of what was wrong, one line of what to do next.
 * Anything unexpected is a defect of the tool, so it keeps its stack.
 */
export function reportError(io: Io, error: unknown): void {
  if (error instanceof ExpectedError) {
    io.stderr.write(`${colours.red('error:')} ${printable(error.message)}\n`);
    if (error.hint !== undefined) io.stderr.write(`${colours.cyan('try:')} ${printable(error.hint)}\n`);
    return;
  }
  const stack = error instanceof Error ? (error.stack ?? error.message) : String(error);
  io.stderr.write(`${colours.red('This is a defect of llava:')} ${stack}\n`);
}

/** One line about something that did not stop the work. */
export function warn(io: Io, message: string): void {
  io.stderr.write(`${colours.yellow('warning:')} ${printable(message)}\n`);
}
