import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { ExpectedError } from '../llava/expected-error.js';
import { quote } from '../llava/quote.js';

/** One run of a program, from start to exit. */
export interface ProgramRun {
  readonly seconds: number;
  /** Largest resident set, file pages included; NaN where the system does not tell (all but Linux). */
  readonly peakMegabytes: number;
  readonly stdout: string;
  readonly stderr: string;
}

const POLL_MS = 20;

/**
 * Runs a program to its end.
 * @throws ExpectedError('engine') when it cannot be started or fails; what `signal` was aborted with
 */
export async function runOnce(
  command: string,
  args: readonly string[],
  signal: AbortSignal,
): Promise<ProgramRun> {
  signal.throwIfAborted();
  const start = performance.now();
  const child = spawn(command, args, {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, NO_COLOR: '1' },
    signal,
  });
  const said = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const)
    child[name].setEncoding('utf8').on('data', (text: string) => (said[name] += text));
  let peakMegabytes = NaN;
  const timer = setInterval(() => {
    peakMegabytes = peakOf(child.pid) ?? peakMegabytes;
  }, POLL_MS);
  try {
    const code = await new Promise<number | null>((resolve, reject) => {
      child.on('error', reject).on('close', resolve);
    });
    if (code !== 0) throw failure(command, `ended with ${String(code)}`, said.stderr);
    return { seconds: (performance.now() - start) / 1000, peakMegabytes, ...said };
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof ExpectedError) throw error;
    throw failure(command, error instanceof Error ? error.message : String(error), '');
  } finally {
    clearInterval(timer);
  }
}

function failure(command: string, problem: string, stderr: string): ExpectedError {
  const last = stderr.trim().split('\n').slice(-3).join('\n');
  return new ExpectedError('engine', `${quote(command)} ${problem}.${last === '' ? '' : `\n${last}`}`);
}

/** The kernel's own high-water mark of a process. */
function peakOf(pid: number | undefined): number | undefined {
  try {
    const status = readFileSync(`/proc/${String(pid)}/status`, 'utf8');
    const [, kibibytes] = /VmHWM:\s+(\d+) kB/.exec(status) ?? [];
    return kibibytes === undefined ? undefined : (Number(kibibytes) * 1024) / 1e6;
  } catch {
    return undefined;
  }
}
