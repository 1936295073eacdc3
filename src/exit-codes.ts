import type { ErrorKind } from './llava/expected-error.js';

/** Every way the process ends; docs/cli.md shows the same table and a test compares them. */
export const EXIT_CODES = {
  ok: 0,
  /** Only under `--exit-status`: the answer was no. */
  no: 1,
  /** A mistake on the command line, or a picture that cannot be read. */
  usage: 2,
  /** Some of several pictures failed. */
  someFailed: 3,
  /** The weights or the engine failed, or the tool itself. */
  failed: 4,
  /** Told to end by a scheduler, or left by all servers: the same command is to be run again. It is sysexits' EX_TEMPFAIL. */
  resume: 75,
  /** By Ctrl-C, or a terminal that is gone. */
  interrupted: 130,
} as const;

export type ExitCode = (typeof EXIT_CODES)[keyof typeof EXIT_CODES];

const CODE_OF_KIND: Record<ErrorKind, ExitCode> = {
  usage: EXIT_CODES.usage,
  input: EXIT_CODES.usage,
  weights: EXIT_CODES.failed,
  engine: EXIT_CODES.failed,
  servers: EXIT_CODES.resume,
  interrupted: EXIT_CODES.interrupted,
};

/** The exit code of an expected error of that kind. */
export function exitCodeOf(kind: ErrorKind): ExitCode {
  return CODE_OF_KIND[kind];
}
