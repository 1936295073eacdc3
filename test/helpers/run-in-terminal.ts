import { stripVTControlCharacters } from 'node:util';
import { spawn } from 'node-pty';
import { LLAVA, TEST_ENVIRONMENT } from './run-llava.js';

export interface TerminalRun {
  readonly exitCode: number;
  /** All that appeared on the screen without escape codes, what was typed included. */
  readonly output: string;
  /** The same with them. */
  readonly raw: string;
}

/**
 * Runs `llava` in a real terminal of 100 columns.
 * @param replies what to type, once, when a text appears
 */
export function runInTerminal(
  args: readonly string[],
  env: Record<string, string> = {},
  replies: Readonly<Record<string, string>> = {},
): Promise<TerminalRun> {
  const terminal = spawn(process.execPath, [LLAVA, ...args], {
    cols: 100,
    rows: 30,
    env: { ...process.env, ...TEST_ENVIRONMENT, ...env },
  });
  const waiting = new Map(Object.entries(replies));
  let output = '';
  terminal.onData((data) => {
    output += data;
    for (const [text, reply] of waiting) {
      if (!output.includes(text)) continue;
      waiting.delete(text);
      terminal.write(reply);
    }
  });
  return new Promise((resolve) => {
    terminal.onExit(({ exitCode }) => {
      resolve({ exitCode, output: stripVTControlCharacters(output), raw: output });
    });
  });
}
