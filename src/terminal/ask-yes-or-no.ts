import { createInterface } from 'node:readline/promises';
import type { Io } from './io.js';

/** Asks on stderr, so that stdout stays the answer's; Enter alone and the end of input mean no. */
export async function askYesOrNo(question: string, io: Io, signal: AbortSignal): Promise<boolean> {
  // The terminal's own line editing, so that Ctrl-C stays a signal.
  const lines = createInterface({ input: io.stdin, output: io.stderr, terminal: false });
  const ended = new Promise<string>((resolve) => {
    lines.once('close', () => {
      resolve('');
    });
  });
  try {
    const answer = await Promise.race([lines.question(`${question} [y/N] `, { signal }), ended]);
    return /^y(es)?$/i.test(answer.trim());
  } finally {
    lines.close();
  }
}
