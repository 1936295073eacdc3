import { fstatSync } from 'node:fs';
import { Readable, type Writable } from 'node:stream';

/** The streams and facts of the process that commands may use; `main` makes the real one. */
export interface Io {
  readonly stdin: Readable;
  readonly stdout: Writable;
  readonly stderr: Writable;
  readonly stdinIsTerminal: boolean;
  readonly stdoutIsTerminal: boolean;
  readonly stderrIsTerminal: boolean;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** The process's own streams. */
export function ioOfProcess(process: NodeJS.Process): Io {
  return {
    stdin: stdinIsFolder() ? folderAsStream() : process.stdin,
    stdout: process.stdout,
    stderr: process.stderr,
    stdinIsTerminal: process.stdin.isTTY,
    stdoutIsTerminal: process.stdout.isTTY,
    stderrIsTerminal: process.stderr.isTTY,
    env: process.env,
  };
}

function stdinIsFolder(): boolean {
  try {
    return fstatSync(0).isDirectory();
  } catch {
    return false;
  }
}

/** Fails when it is read; Node takes a folder for a stream that is at its end. */
function folderAsStream(): Readable {
  const failure = Object.assign(new Error('it is a folder'), { code: 'EISDIR' });
  return new Readable({
    read() {
      this.destroy(failure);
    },
  });
}

/** Whether an interface can be drawn: both ends are a terminal that can move its cursor, and nobody logs it (`CI`). */
export function isInteractive({ stdinIsTerminal, stdoutIsTerminal, env }: Io): boolean {
  const isLogged = env['CI'] !== undefined && env['CI'] !== 'false' && env['CI'] !== '0';
  return stdinIsTerminal && stdoutIsTerminal && env['TERM'] !== 'dumb' && !isLogged;
}

/** A value on stdout as JSON, indented as people read it. */
export function writeJson({ stdout }: Io, value: unknown): void {
  stdout.write(`${JSON.stringify(value, null, 2)}\n`);
}
