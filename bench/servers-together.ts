/*
 * Answers a second of four servers behind one batch, beside the sum of each alone: how well the client spreads rows.
 * npm run build && npm run bench:servers -- [rows that the fastest one is asked alone] [service time, ms]
 *
 * Each server answers a fixed number of questions at once, each in a fixed time, and lets the others wait, as vLLM does. So they do
 * not share what they compute with, however few cores this machine has.
 */
import { writeFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { writePictures } from '../test/batch/batch-files.js';
import { runLlava } from '../test/helpers/run-llava.js';
import { echo, StubServer } from '../test/helpers/stub-server.js';

/** Questions that each of them answers at once. */
const CAPACITIES = [2, 4, 8, 16];
const [most = 800, serviceMs = 200] = process.argv.slice(2).map(Number);

const folder = mkdtempSync(join(tmpdir(), 'llava-bench-servers-'));
const servers = await Promise.all(CAPACITIES.map(startServer));
try {
  const images = await writePictures(folder, 4);
  const perPlace = most / Math.max(...CAPACITIES);
  const alone: number[] = [];
  for (const [place, server] of servers.entries())
    alone.push(await measure(images, [server], perPlace * (CAPACITIES[place] ?? 0)));
  const sum = alone.reduce((total, rate) => total + rate, 0);
  const together = await measure(
    images,
    servers,
    perPlace * CAPACITIES.reduce((total, one) => total + one, 0),
  );
  process.stdout.write(
    `answers a second: alone ${alone.map((rate) => rate.toFixed(1)).join(', ')}, sum ${sum.toFixed(1)}; ` +
      `together ${together.toFixed(1)}, ratio ${(together / sum).toFixed(2)}\n`,
  );
} finally {
  for (const server of servers) await server[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true });
}

/** A server with as many places, whose questions take turns. */
async function startServer(places: number): Promise<StubServer> {
  const freeAt = Array<number>(places).fill(0);
  return await StubServer.start({
    answer: async (question) => {
      const now = performance.now();
      const place = freeAt.indexOf(Math.min(...freeAt));
      const end = Math.max(now, freeAt[place] ?? 0) + serviceMs;
      freeAt[place] = end;
      await sleep(end - now);
      return echo(question);
    },
  });
}

/** Answers a second, from the first question that arrives to the last answer. */
async function measure(images: string, asked: readonly StubServer[], rows: number): Promise<number> {
  const input = join(folder, 'in.jsonl');
  const lines = Array.from({ length: rows }, (_, id) =>
    JSON.stringify({ id, image: `${id % 4}.png`, question: `row ${id} of ${asked.length}` }),
  );
  writeFileSync(input, `${lines.join('\n')}\n`);
  const addresses = asked.flatMap(({ address }) => ['--server', address]);
  const output = join(folder, 'out.jsonl');
  const before = asked.map(({ asked: questions }) => questions.size);
  let start: number | undefined;
  const watch = setInterval(() => {
    if (asked.some(({ asked: questions }, place) => questions.size > (before[place] ?? 0)))
      start ??= performance.now();
  }, 5);
  const args = ['batch', input, '-o', output, '--overwrite', '--image-folder', images, ...addresses];
  const run = await runLlava(args);
  clearInterval(watch);
  if (run.exitCode !== 0 || start === undefined) throw new Error(run.stderr);
  return (rows * 1000) / (performance.now() - start);
}
