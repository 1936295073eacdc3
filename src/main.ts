import { EXIT_CODES, type ExitCode } from './exit-codes.js';
import { ExpectedError } from './llava/expected-error.js';
import { fileProblem } from './llava/file-problem.js';
import { reportFailure, runProgram } from './program.js';
import { ioOfProcess } from './terminal/io.js';

/** Longest wait for a tidy end after an interrupt, in milliseconds. */
let lastMomentMs = 2000;

const io = ioOfProcess(process);
const interruption = new AbortController();

/** Who asks the process to end: people, or a scheduler that will start it again (Slurm sends USR1 when told to). */
const INTERRUPTIONS = {
  SIGINT: EXIT_CODES.interrupted,
  SIGHUP: EXIT_CODES.interrupted,
  SIGTERM: EXIT_CODES.resume,
  SIGUSR1: EXIT_CODES.resume,
} as const;

/** What an interrupted run ends with: by the first signal. */
let interruptedCode: ExitCode = EXIT_CODES.interrupted;

for (const [signal, code] of Object.entries(INTERRUPTIONS))
  process.on(signal, () => {
    if (interruption.signal.aborted) process.exit(interruptedCode);
    interruptedCode = code;
    interruption.abort();
    setTimeout(() => process.exit(code), lastMomentMs).unref();
  });

// A closed pipe means that the reader has all it wants: that is success, and the end of the work.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  // A terminal that is gone.
  if (error.code === 'EIO') process.exit(EXIT_CODES.interrupted);
  if (error.code === 'EPIPE') process.exit(EXIT_CODES.ok);
  endWith(streamFailure('stdout cannot be written', error, 'Write to another place, on a disk with space'));
});
io.stdin.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EIO') process.exit(EXIT_CODES.interrupted);
  endWith(streamFailure('stdin cannot be read', error, 'Give it a file or a pipe'));
});
// There is nobody left to tell.
process.stderr.on('error', () => undefined);
process.on('uncaughtException', endWith);

function streamFailure(what: string, cause: Error, hint: string): ExpectedError {
  return new ExpectedError('input', `${what}: ${fileProblem(cause)}.`, { hint, cause });
}

function endWith(error: unknown): never {
  process.exit(reportFailure(io, error));
}

const exitCode = await runProgram(process.argv, io, interruption.signal, (ms) => {
  lastMomentMs = ms;
});
process.exitCode = exitCode === EXIT_CODES.interrupted ? interruptedCode : exitCode;
