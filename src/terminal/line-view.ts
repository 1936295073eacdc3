import { once } from 'node:events';
import type { Io } from './io.js';
import { printable } from './printable.js';
import { reportError, warn } from './report-error.js';
import type { ExpectedError } from '../llava/expected-error.js';

/** An answer's end, as far as it is told here. */
interface EndedAnswer {
  readonly turn: { readonly stop: string };
}

/** Shows a chat as plain lines: answers on stdout, all else on stderr, and no escape codes anywhere. */
export function lineView(io: Io) {
  const write = async (text: string) => {
    const shown = printable(text);
    if (shown !== '' && !io.stdout.write(shown)) await once(io.stdout, 'drain');
  };
  return {
    note: (text: string) => {
      io.stderr.write(`${printable(text)}\n`);
    },
    fail: (error: ExpectedError) => {
      reportError(io, error);
    },
    picture: () => Promise.resolve(),
    begin: () => undefined,
    text: write,
    end: async ({ turn }: EndedAnswer) => {
      await write('\n');
      if (turn.stop !== 'end') warn(io, `The answer was cut off (${turn.stop}).`);
    },
    status: () => undefined,
    choose: () => Promise.resolve(undefined),
  };
}
