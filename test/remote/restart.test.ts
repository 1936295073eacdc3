import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { readRows, writePictures, writeRows } from '../batch/batch-files.js';
import { LLAVA, runLlava, TEST_ENVIRONMENT } from '../helpers/run-llava.js';
import { echo, StubServer, type StubOptions } from '../helpers/stub-server.js';
import { temporaryFolder } from '../helpers/temporary-folder.js';

const ROWS = 200;
const folder = temporaryFolder();
const images = await writePictures(folder, 4);
const rows = Array.from({ length: ROWS }, (_, id) => ({
  id,
  image: `${id % 4}.png`,
  question: `row ${id}`,
}));
const input = writeRows(join(folder, 'in.jsonl'), rows);
const slow: NonNullable<StubOptions['answer']> = async (question) => {
  await sleep(40);
  return echo(question);
};

function batch(output: string, ...servers: StubServer[]): string[] {
  const named = servers.flatMap(({ address }) => ['--server', address]);
  return ['batch', input, '-o', output, '--image-folder', images, '--parallel', '4', ...named];
}

async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await sleep(10);
}

function expectWhole(output: string): void {
  expect(readRows(output).map(({ id, answer }) => [id, answer])).toEqual(
    rows.map(({ id, question }) => [id, `To ${question}`]),
  );
}

describe('a batch whose servers restart', () => {
  it('goes on at the other one, and at both when it is back', async () => {
    const asked = new Map<string, number>();
    await using one = await StubServer.start({ asked, answer: slow });
    const two = await StubServer.start({ asked, answer: slow });
    const output = join(folder, 'one-of-two.jsonl');
    const running = runLlava(batch(output, one, two));
    await until(() => asked.size >= 40);
    await two[Symbol.asyncDispose]();
    await until(() => asked.size >= 80);
    await using again = await StubServer.start({ answer: slow, port: two.port });
    const run = await running;
    expect(run.exitCode, run.stderr).toBe(0);
    expectWhole(output);
    expect(again.asked.size).toBeGreaterThan(0);
  });

  it('waits while all are away', async () => {
    const first = await StubServer.start({ answer: slow });
    const output = join(folder, 'all-away.jsonl');
    const running = runLlava([...batch(output, first), '--server-wait', '1m']);
    await until(() => first.asked.size >= 40);
    await first[Symbol.asyncDispose]();
    await sleep(1500);
    await using again = await StubServer.start({ answer: slow, port: first.port, model: 'another' });
    const run = await running;
    expect(run.exitCode, run.stderr).toBe(0);
    expectWhole(output);
    // What came back was looked at again: it has another name for its model.
    expect(again.bodies.at(-1)?.['model']).toBe('another');
  });

  it('ends when they stay away, and is resumed', async () => {
    const first = await StubServer.start({ answer: slow });
    const output = join(folder, 'gone.jsonl');
    const running = runLlava([...batch(output, first), '--server-wait', '2s']);
    await until(() => first.asked.size >= 40);
    await first[Symbol.asyncDispose]();
    const run = await running;
    expect(run).toMatchObject({ exitCode: 75, stdout: '' });
    expect(run.stderr).toMatch(
      /error: No server has answered for \d s\. The server ".*" cannot be reached: nothing listens there\.\ntry: .*--resume\n/,
    );
    // Its last line is whole, and its first one is a header.
    const before = readFileSync(`${output}.journal`, 'utf8').split('\n').length - 2;
    expect(before).toBeGreaterThan(30);
    await using again = await StubServer.start({ port: first.port });
    const resumed = await runLlava([...batch(output, again), '--resume']);
    expect(resumed.exitCode, resumed.stderr).toBe(0);
    expectWhole(output);
    expect(again.asked.size).toBeLessThanOrEqual(ROWS - before);
  });
});

describe('a batch at servers that is killed', () => {
  it('loses nothing, and asks again only what was being asked', async () => {
    const asked = new Map<string, number>();
    await using one = await StubServer.start({ asked, answer: slow });
    await using two = await StubServer.start({ asked, answer: slow });
    const output = join(folder, 'killed.jsonl');
    for (const part of [0.2, 0.5, 0.8]) {
      const args = [LLAVA, ...batch(output, one, two), '--resume'];
      const child = spawn(process.execPath, args, { env: { ...process.env, ...TEST_ENVIRONMENT } });
      const exited = once(child, 'exit');
      await until(() => asked.size >= ROWS * part);
      child.kill('SIGKILL');
      await exited;
    }
    const run = await runLlava([...batch(output, one, two), '--resume']);
    expect(run.exitCode, run.stderr).toBe(0);
    expectWhole(output);
    const again = [...asked.values()].filter((times) => times > 1);
    expect(again.length).toBeLessThanOrEqual(3 * 8);
  });
});
