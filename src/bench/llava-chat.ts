import { spawn } from 'node:child_process';
import { ExpectedError } from '../llava/expected-error.js';
import { FOLLOW_UP, firstPairing, type BenchSetup } from './bench-setup.js';
import type { Figures } from './figures.js';
import { PROGRAM, weightFlags } from './llava-runs.js';
import { chatFigures } from './shared-figures.js';

/** Two turns of a chat; the figure is the time from the second question to the first word of its answer. */
export async function chat(setup: BenchSetup): Promise<Figures> {
  const { picture, question } = firstPairing(setup);
  const flags = [...weightFlags(setup), '--max-tokens', String(setup.tokens)];
  const child = spawn(process.execPath, [PROGRAM, 'chat', ...flags, picture], {
    stdio: ['pipe', 'pipe', 'ignore'],
    signal: setup.signal,
  });
  child.on('error', () => undefined);
  const words = child.stdout.setEncoding('utf8')[Symbol.asyncIterator]() as AsyncIterator<string, undefined>;
  try {
    child.stdin.write(`${question}\n`);
    while (!(await nextOf(words)).includes('\n'));
    const start = performance.now();
    child.stdin.write(`${FOLLOW_UP}\n`);
    await nextOf(words);
    return chatFigures((performance.now() - start) / 1000);
  } finally {
    child.kill('SIGKILL');
  }
}

async function nextOf(words: AsyncIterator<string, undefined>): Promise<string> {
  const { value } = await words.next();
  if (value !== undefined) return value;
  throw new ExpectedError('engine', 'The chat ended before its answer.');
}
