import type { Io } from './io.js';

/** Whether an interface can be drawn: both ends are a terminal that can move its cursor, and nobody logs it (`CI`). */
export function isInteractive({ stdinIsTerminal, stdoutIsTerminal, env }: Io): boolean {
  const isLogged = env['CI'] !== undefined && env['CI'] !== 'false' && env['CI'] !== '0';
  return stdinIsTerminal && stdoutIsTerminal && env['TERM'] !== 'dumb' && !isLogged;
}
