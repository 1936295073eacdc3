/*
 * Answers a second of several servers behind one batch, beside the sum of each alone: how well the client spreads rows.
 * npm run build && npm run bench:servers -- [seconds that each is asked alone, about] [service time, ms]
 * npm run build && npm run bench:servers -- rows URL…
 *
 * Without addresses, four stand-ins are asked. Each answers a fixed number of questions at once, each in a fixed time, and lets the
 * others wait, as vLLM does. So they do not share what they compute with, however few cores this machine has. Servers that are
 * named must have the demo model; each is asked that many rows alone. On one machine, give each a share of the processors of its
 * own (docs/performance.md).
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { drawScenes, SCENES_OF_A_SEED } from '../src/eval/demo/demo-scenes.js';
import { runLlava } from '../test/helpers/run-llava.js';
import { echo, StubServer } from '../test/helpers/stub-server.js';

/** Questions that each stand-in answers at once. */
const CAPACITIES = [2, 4, 8, 16];

interface Asked {
  readonly address: string;
  /** Rows that it is asked alone. */
  readonly rows: number;
}

const [first = '10', ...rest] = process.argv.slice(2);
const areNamed = rest.some((word) => word.includes('://'));
const serviceMs = areNamed ? 0 : Number(rest[0] ?? 300);
const standIns = areNamed ? [] : await Promise.all(CAPACITIES.map(startStandIn));
const servers: readonly Asked[] = areNamed
  ? rest.map((address) => ({ address, rows: Number(first) }))
  : standIns.map(({ address }, place) => ({
      address,
      rows: Math.round((Number(first) * 1000 * (CAPACITIES[place] ?? 0)) / serviceMs),
    }));

const folder = mkdtempSync(join(tmpdir(), 'llava-bench-servers-'));
let drawn = 0;
try {
  let sum = 0;
  let longestSeconds = 0;
  for (const { address, rows } of servers) {
    const seconds = await measure([address], rows);
    process.stdout.write(`${address} alone: ${(rows / seconds).toFixed(1)} answers a second\n`);
    sum += rows / seconds;
    longestSeconds = Math.max(longestSeconds, seconds);
  }
  const rows = Math.round(sum * longestSeconds);
  const addresses = servers.map(({ address }) => address);
  const together = rows / (await measure(addresses, rows));
  process.stdout.write(
    `sum ${sum.toFixed(1)}, together ${together.toFixed(1)}: ratio ${(together / sum).toFixed(2)}\n`,
  );
} finally {
  for (const standIn of standIns) await standIn[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true });
}

/** A server with as many places, whose questions take turns. */
async function startStandIn(places: number): Promise<StubServer> {
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

/** Seconds of one batch, from its start to its end, over questions that were not asked before. */
async function measure(addresses: readonly string[], rows: number): Promise<number> {
  const lines: string[] = [];
  const scenes = join(folder, String(++drawn));
  mkdirSync(scenes);
  for await (const { path, questions } of drawScenes(scenes, drawn, Math.min(rows, SCENES_OF_A_SEED))) {
    const short = questions.filter(({ format }) => format === 'short');
    for (const question of new Set(short.map((one) => one.question)))
      lines.push(JSON.stringify({ id: lines.length, image: path, question, format: 'short' }));
    if (lines.length >= rows) break;
  }
  const input = join(folder, 'in.jsonl');
  writeFileSync(input, `${lines.slice(0, rows).join('\n')}\n`);
  const named = addresses.flatMap((address) => ['--server', address]);
  const size = areNamed ? ['--server-image-size', '112'] : [];
  const output = join(folder, 'out.jsonl');
  const start = performance.now();
  const run = await runLlava(['batch', input, '-o', output, '--overwrite', ...named, ...size]);
  if (run.exitCode !== 0) throw new Error(run.stderr);
  return (performance.now() - start) / 1000;
}
