import type { ExitCode } from '../exit-codes.js';
import type { Io } from '../terminal/io.js';

/** What every command gets from the program. */
export interface CommandContext {
  readonly io: Io;
  /** Aborted by Ctrl-C and by a request to end. */
  readonly signal: AbortSignal;
  /** Sets the exit code of a run that ends without an error. */
  readonly finish: (code: ExitCode) => void;
  /** How long, in milliseconds, the process may take to end once `signal` was aborted. */
  readonly allowToEnd: (ms: number) => void;
}
