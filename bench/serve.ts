/*
 * llava serve beside llava batch: answers a second with 8 clients, what a request costs outside the engine, and memory over
 * thousands of requests. npm run bench:serve [questions] [rounds] [requests of the memory run]
 */
import { once } from 'node:events';
import { readFileSync, writeFileSync, mkdtempSync, rmSync } from 'node:fs';
import { Agent, request, type IncomingMessage } from 'node:http';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { median, spread } from '../src/bench/figures.js';
import { drawScenes } from '../src/eval/demo/demo-scenes.js';
import { runLlava } from '../test/helpers/run-llava.js';
import { askAbout, RunningServer } from '../test/helpers/running-server.js';

const CLIENTS = 8;
const A_PICTURE = 20;
const [questions = 1000, rounds = 3, requests = 20_000] = process.argv.slice(2).map(Number);

interface Question {
  readonly path: string;
  /** A row of a batch, and the body of a request. */
  readonly row: string;
  readonly body: string;
}

/** One connection that stays open. */
class PlainClient implements Disposable {
  readonly #agent = new Agent({ keepAlive: true });

  readonly #address: string;

  constructor(address: string) {
    this.#address = address;
  }

  async send(method: string, path: string, body = ''): Promise<string> {
    const headers = { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(body) };
    const sent = request(new URL(path, this.#address), { agent: this.#agent, method, headers }).end(body);
    const [response] = (await once(sent, 'response')) as [IncomingMessage];
    return await text(response);
  }

  [Symbol.dispose](): void {
    this.#agent.destroy();
  }
}

const folder = mkdtempSync(join(tmpdir(), 'llava-bench-serve-'));
try {
  const asked = await draw(questions);
  const input = join(folder, 'rows.jsonl');
  writeFileSync(input, asked.map(({ row }) => `${row}\n`).join(''));
  process.stdout.write(
    `node ${process.version}, ${availableParallelism()} cores, ${questions} questions about ${Math.ceil(questions / A_PICTURE)} pictures\n`,
  );
  await compareRates(asked, input);
  await measureOverhead(asked);
  await measureMemory(asked);
} finally {
  rmSync(folder, { recursive: true });
}

async function draw(count: number): Promise<readonly Question[]> {
  const drawn: Question[] = [];
  for await (const { path, questions: about } of drawScenes(folder, 7, Math.ceil(count / A_PICTURE)))
    for (const { question, format, choices } of about.slice(0, A_PICTURE)) {
      const fields = { format, ...(choices && { choices }) };
      drawn.push({
        path,
        row: JSON.stringify({ id: drawn.length, image: path, question, ...fields }),
        body: JSON.stringify({ messages: askAbout(readFileSync(path), question), llava: fields }),
      });
    }
  return drawn.slice(0, count);
}

/** Answers a second, batch and server in turn; the server is started once, the batch each time. */
async function compareRates(asked: readonly Question[], input: string): Promise<void> {
  await using server = await RunningServer.start('--parallel', String(CLIENTS));
  await askAll(server, asked.slice(0, 100), CLIENTS);
  const rates = { batch: [] as number[], serve: [] as number[] };
  for (let round = 0; round < rounds; round++) {
    rates.batch.push(
      await rateOf(() => runLlava(['batch', input, '--parallel', String(CLIENTS), '--keep', '0'])),
    );
    rates.serve.push(await rateOf(() => askAll(server, asked, CLIENTS)));
  }
  const ratio = median(rates.serve) / median(rates.batch);
  process.stdout.write(
    `answers a second: batch --parallel ${CLIENTS} ${spread(rates.batch, 1)}, ` +
      `serve with ${CLIENTS} clients ${spread(rates.serve, 1)}, ratio ${ratio.toFixed(2)}\n`,
  );
}

async function rateOf(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await work();
  return (questions * 1000) / (performance.now() - start);
}

/**
 * What one client waits for beside the engine, and for an answer that needs none; the pictures were asked about before.
 * With Node's plain client, and with `fetch`, which takes longer itself.
 */
async function measureOverhead(asked: readonly Question[]): Promise<void> {
  await using server = await RunningServer.start('--parallel', '1');
  const some = asked.slice(0, 300);
  // As a server is that has run for a while: the first thousand requests are slower.
  for (let round = 0; round < 2; round++) await askAll(server, asked, 1);
  using plain = new PlainClient(server.address);
  const clients = {
    "Node's client": {
      health: () => plain.send('GET', '/health'),
      ask: (body: string) => plain.send('POST', '/v1/chat/completions', body),
    },
    fetch: {
      health: async () => await (await fetch(`${server.address}/health`)).text(),
      ask: async (body: string) => await (await server.post(body)).text(),
    },
  };
  const times = Object.entries(clients).map(([name, ways]) => ({
    name,
    ...ways,
    outside: [] as number[],
    empty: [] as number[],
  }));
  for (const { body } of some)
    for (const { health, ask, outside, empty } of times) {
      empty.push(await timeOf(health));
      const before = await engineSeconds(server);
      const whole = await timeOf(() => ask(body));
      outside.push(whole - ((await engineSeconds(server)) - before) * 1000);
    }
  for (const { name, outside, empty } of times)
    process.stdout.write(
      `${name}: a request outside the engine ${spread(outside)} ms, one to /health ${spread(empty)} ms\n`,
    );
}

async function timeOf(ask: () => Promise<string>): Promise<number> {
  const start = performance.now();
  await ask();
  return performance.now() - start;
}

/** Looking, reading and answering so far. */
async function engineSeconds(server: RunningServer): Promise<number> {
  const sums = (await metrics(server)).matchAll(/^llava_seconds_sum\{[^}]*\} (\S+)$/gm);
  return [...sums].reduce((total, [, seconds]) => total + Number(seconds), 0);
}

async function measureMemory(asked: readonly Question[]): Promise<void> {
  await using server = await RunningServer.start('--parallel', String(CLIENTS));
  process.stdout.write('requests  memory, MB\n');
  for (let tenth = 1; tenth <= 10; tenth++) {
    for (let left = requests / 10; left > 0; left -= asked.length)
      await askAll(server, asked.slice(0, left), CLIENTS);
    const [, bytes] = /^process_resident_memory_bytes (\S+)$/m.exec(await metrics(server)) ?? [];
    const columns = [
      String((tenth * requests) / 10).padStart(8),
      (Number(bytes) / 1e6).toFixed(0).padStart(10),
    ];
    process.stdout.write(`${columns.join('  ')}\n`);
  }
}

async function metrics(server: RunningServer): Promise<string> {
  return await (await fetch(`${server.address}/metrics`)).text();
}

/** @throws when a question has no answer */
async function askAll(server: RunningServer, asked: readonly Question[], clients: number): Promise<void> {
  let next = 0;
  const client = async () => {
    for (let question = asked[next++]; question !== undefined; question = asked[next++]) {
      const response = await server.post(question.body);
      if (!response.ok) throw new Error(await response.text());
      await response.arrayBuffer();
    }
  };
  await Promise.all(Array.from({ length: clients }, client));
}
