import { execa } from 'execa';
import { readFileSync } from 'node:fs';

/** One run of a program: its wall time, its peak memory (Linux only), what it said. */
export interface Run {
  readonly seconds: number;
  /** Largest resident set, file pages included; 0 where it cannot be read. */
  readonly peakMegabytes: number;
  readonly stdout: string;
  readonly stderr: string;
}

const POLL_MS = 20;

/** Runs a program once, from start to exit. */
export async function measure(command: string, args: readonly string[]): Promise<Run> {
  const start = performance.now();
  const running = execa(command, args, { stdin: 'ignore', env: { NO_COLOR: '1' } });
  let peakMegabytes = 0;
  const timer = setInterval(() => {
    peakMegabytes = Math.max(peakMegabytes, peakOf(running.pid));
  }, POLL_MS);
  try {
    const { stdout, stderr } = await running;
    return { seconds: (performance.now() - start) / 1000, peakMegabytes, stdout, stderr };
  } finally {
    clearInterval(timer);
  }
}

/** The kernel's own high-water mark of a process, in MB. */
function peakOf(pid: number | undefined): number {
  try {
    const status = readFileSync(`/proc/${String(pid)}/status`, 'utf8');
    return Number(/VmHWM:\s+(\d+) kB/.exec(status)?.[1] ?? 0) / 1000;
  } catch {
    return 0;
  }
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? NaN) + upper) / 2;
}

/** `median (lowest–highest)`. */
export function spread(values: readonly number[], digits = 2): string {
  const [low, high] = [Math.min(...values), Math.max(...values)];
  return `${median(values).toFixed(digits)} (${low.toFixed(digits)}–${high.toFixed(digits)})`;
}
