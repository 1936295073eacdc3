import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Readable } from 'node:stream';
import { ExpectedError } from '../llava/expected-error.js';
import { firstPairing, type BenchSetup } from './bench-setup.js';
import type { Figures } from './figures.js';
import { weightFlags } from './llava-runs.js';

/** Two turns of a chat; the figure is the time from the second question to the first word of its answer. */
export async function chat(setup: BenchSetup): Promise<Figures> {
  const { picture, question } = firstPairing(setup);
  const flags = [...weightFlags(setup), '--max-tokens', String(setup.tokens)];
  const child = spawn(process.execPath, [process.argv[1] ?? '', 'chat', ...flags, picture], {
    stdio: ['pipe', 'pipe', 'ignore'],
    signal: setup.signal,
  });
  child.on('error', () => undefined);
  try {
    child.stdin.write(`${question}\n`);
    await lineFrom(child.stdout);
    const start = performance.now();
    child.stdin.write(`${setup.questions[1] ?? ''}\n`);
    await once(child.stdout, 'data');
    const seconds = (performance.now() - start) / 1000;
    return { 'chat, first word of turn 2, s': seconds };
  } finally {
    child.kill('SIGKILL');
  }
}

async function lineFrom(stdout: Readable): Promise<void> {
  stdout.setEncoding('utf8');
  for (;;) {
    const data = await Promise.race([once(stdout, 'data'), once(stdout, 'end').then(() => undefined)]);
    if (data === undefined) throw new ExpectedError('engine', 'The chat ended before its first answer.');
    if (String(data[0]).includes('\n')) return;
  }
}
