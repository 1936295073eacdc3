import { execa } from 'execa';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { LLAVA, TEST_ENVIRONMENT } from '../helpers/run-llava.js';
import { writeRedCircle } from '../helpers/scene-pictures.js';
import { temporaryFolder } from '../helpers/temporary-folder.js';
import { writeRandomPair } from '../reference/random-pair.js';

const folder = temporaryFolder();
const circle = await writeRedCircle(folder);
/** Random weights never end their turn, so the answer goes on until something stops it. */
const endless = writeRandomPair(join(folder, 'endless'), { textWidth: 512, textBlocks: 8 });

function askEndlessly() {
  const pair = ['--gguf', endless.model, '--mmproj', endless.mmproj];
  return execa(process.execPath, [LLAVA, 'ask', ...pair, '--max-tokens', '100000', 'What is it?', circle], {
    reject: false,
    stdin: 'ignore',
    env: TEST_ENVIRONMENT,
  });
}

/** llama.cpp is in the process: the weights are next. Where that cannot be seen, they are after 0.2 s. */
async function untilLlamaIsThere(pid: number | undefined): Promise<void> {
  const isTold = process.platform === 'linux';
  if (!isTold) await setTimeout(200);
  while (isTold && !readFileSync(`/proc/${String(pid)}/maps`, 'utf8').includes('libllama'))
    await setTimeout(2);
}

describe('how llava ends', () => {
  it('ends with success when its reader has enough', async () => {
    const pipe = `"${process.execPath}" "${LLAVA}" ask "Describe the image." "${circle}" | head -c1; echo " \${PIPESTATUS[0]}"`;
    const { stdout, stderr } = await execa('bash', ['-c', pipe], { env: TEST_ENVIRONMENT });
    expect(stdout).toMatch(/^\S 0$/);
    expect(stderr).toBe('');
  });

  it('ends with success when the reader closes in the middle of a long answer', async () => {
    const asking = askEndlessly();
    await once(asking.stdout, 'data');
    asking.stdout.destroy();
    const { exitCode, stderr } = await asking;
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
  });

  it.each([
    ['SIGINT', 130],
    ['SIGTERM', 75],
    ['SIGUSR1', 75],
  ] as const)('stops at once on %s, with %i', async (signal, code) => {
    const asking = askEndlessly();
    await once(asking.stdout, 'data');
    const start = performance.now();
    asking.kill(signal);
    const { exitCode, stderr } = await asking;
    expect({ exitCode, stderr }).toEqual({ exitCode: code, stderr: '' });
    expect(performance.now() - start).toBeLessThan(1000);
  });

  it('stops while the weights load', async () => {
    const asking = askEndlessly();
    await untilLlamaIsThere(asking.pid);
    asking.kill('SIGINT');
    const { exitCode, stdout } = await asking;
    expect({ exitCode, stdout }).toEqual({ exitCode: 130, stdout: '' });
  });
});
