import { EXIT_CODES } from './exit-codes.js';
import { runProgram } from './program.js';
import { ioOfProcess } from './terminal/io.js';

/** Longest wait for a tidy end after an interrupt, in milliseconds. */
let lastMomentMs = 2000;

const io = ioOfProcess(process);
const interruption = new AbortController();

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
  process.on(signal, () => {
    if (interruption.signal.aborted) process.exit(EXIT_CODES.interrupted);
    interruption.abort();
    setTimeout(() => process.exit(EXIT_CODES.interrupted), lastMomentMs).unref();
  });

// A closed pipe means that the reader has all it wants: that is success, and the end of the work.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  // A terminal that is gone.
  if (error.code === 'EIO') process.exit(EXIT_CODES.interrupted);
  if (error.code !== 'EPIPE') throw error;
  process.exit(EXIT_CODES.ok);
});
process.stderr.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE' && error.code !== 'EIO') throw error;
});

process.exitCode = await runProgram(process.argv, io, interruption.signal, (ms) => {
  lastMomentMs = ms;
});
