import { fork } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import type { DeviceKind } from '../devices/device-kind.js';
import { crashed, possibleKinds, probeWithoutLoading, type DeviceReport } from './probe-device.js';
import type { ProbeAnswer, ProbeTask, SelfTestOutcome, SelfTestTask } from './probe-messages.js';

/**
 * Every kind of device that this platform could have: what is there, and why others cannot be used. Each is loaded
 * in a process of its own, since llama.cpp can be loaded for one kind only, and a bad driver may end the process.
 */
export async function describeDevices(signal?: AbortSignal): Promise<readonly DeviceReport[]> {
  return await Promise.all(possibleKinds().map((kind) => describeDevice(kind, signal)));
}

async function describeDevice(kind: DeviceKind, signal?: AbortSignal): Promise<DeviceReport> {
  const known = probeWithoutLoading(kind);
  if (known !== undefined) return known;
  const answer = await runProbe({ kind }, signal);
  return typeof answer === 'object' && answer.type === 'report'
    ? answer.report
    : crashed(kind, typeof answer === 'object' ? 'no report' : answer);
}

/** Runs a self-test on one kind of device, in a process of its own. */
export async function selfTestApart(
  kind: DeviceKind,
  selfTest: SelfTestTask,
  signal?: AbortSignal,
): Promise<SelfTestOutcome> {
  const answer = await runProbe({ kind, selfTest }, signal);
  if (typeof answer === 'object' && answer.type === 'self-test') return answer.outcome;
  const code = typeof answer === 'object' ? 'no answer' : answer;
  const problem = `llama.cpp ended its process (${code}) during the self-test.`;
  return { ok: false, problem, hint: "Update the GPU's driver, or use --device cpu" };
}

/** The answer, or how the process ended without one. */
async function runProbe(task: ProbeTask, signal?: AbortSignal): Promise<ProbeAnswer | number | string> {
  signal?.throwIfAborted();
  // Beside this file, and like it .js or, in tests, .ts.
  const own = fileURLToPath(import.meta.url);
  const file = path.join(path.dirname(own), `probe-process${path.extname(own)}`);
  // Structured clones keep the bytes of pixels.
  const child = fork(file, {
    serialization: 'advanced',
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
  });
  const stop = () => child.kill('SIGKILL');
  signal?.addEventListener('abort', stop, { once: true });
  try {
    let answer: ProbeAnswer | undefined;
    child.once('message', (message: ProbeAnswer) => (answer = message));
    const ended = once(child, 'exit') as Promise<[number | null, string | null]>;
    child.send(task);
    const [code, killedBy] = await ended;
    signal?.throwIfAborted();
    return answer ?? code ?? killedBy ?? 'unknown';
  } finally {
    signal?.removeEventListener('abort', stop);
  }
}
